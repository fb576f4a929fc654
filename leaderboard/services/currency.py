"""Deciding, from the stored results, which of them count now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from django.db import connection
from django.db.models import F
from django.db.models.functions import Coalesce

from leaderboard.currency import OFFICIAL, Candidate, Choice, competing_candidates, current_parts, official_choice
from leaderboard.models import ResultChoice, StaleResult, TaskResult

Key = tuple[int, int]

# An official result is a candidate while the latest finished import of its source still has its file; a result without
# any cell is none, as in mteb.
_CANDIDATES = """
    SELECT result.id, result.task_id, result.variant_id, source.kind
    FROM leaderboard_taskresult AS result
    JOIN leaderboard_resultsource AS source ON source.id = result.source_id
    WHERE result.n_cells > 0
      AND (source.kind <> 'official'
           OR EXISTS (SELECT FROM leaderboard_importedfile AS file WHERE file.result_id = result.id AND file.present))
"""


_DELETE_OTHERS = """
    DELETE FROM leaderboard_currentresult AS current
    WHERE NOT EXISTS (
        SELECT FROM decided WHERE decided.result_id = current.result_id
          AND decided.official_part IS NOT DISTINCT FROM current.official_part
          AND decided.all_part IS NOT DISTINCT FROM current.all_part)
"""


def choose_current_results(*, only: Sequence[Key] | None = None) -> None:
    """Recompute CurrentResult for the given (task id, variant id) pairs, or for everything.

    Nearly every pair has one official result and nothing to decide, so those never leave the database.
    """
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE candidate ON COMMIT DROP AS " + _CANDIDATES + _restriction(only))
        cursor.execute(
            """
            CREATE TEMPORARY TABLE decided ON COMMIT DROP AS
            SELECT min(id) AS result_id, variant_id, task_id, 0::smallint AS official_part, 0::smallint AS all_part
            FROM candidate GROUP BY task_id, variant_id HAVING count(*) = 1 AND min(kind) = 'official'
              AND NOT bool_or(EXISTS (SELECT FROM leaderboard_staleresult AS stale
                                      WHERE stale.result_id = candidate.id AND stale.hides))
            """
        )
        cursor.execute(
            """
            SELECT candidate.id FROM candidate
            LEFT JOIN decided ON decided.task_id = candidate.task_id AND decided.variant_id = candidate.variant_id
            WHERE decided.result_id IS NULL
            """
        )
        contested = [id_ for (id_,) in cursor.fetchall()]
        decided = list(_decide(_candidates(contested)))
        with cursor.copy("COPY decided FROM STDIN") as copy:
            for row in decided:
                copy.write_row(row)
        _store(cursor, only)


def _restriction(only: Sequence[Key] | None) -> str:
    """An SQL condition for some pairs, to be appended to a WHERE clause over results."""
    if only is None:
        return ""
    pairs = ", ".join(f"({int(task_id)}, {int(variant_id)})" for task_id, variant_id in only)
    return f" AND (task_id, variant_id) IN ({pairs})"


def _store(cursor: Any, only: Sequence[Key] | None) -> None:
    """Make CurrentResult equal to what was decided, touching only rows that differ."""
    cursor.execute("CREATE UNIQUE INDEX ON decided (result_id)")
    cursor.execute("ANALYZE decided")
    cursor.execute(_DELETE_OTHERS + _restriction(only))
    cursor.execute(
        """
        INSERT INTO leaderboard_currentresult (result_id, variant_id, task_id, official_part, all_part)
        SELECT result_id, variant_id, task_id, official_part, all_part FROM decided
        ON CONFLICT (result_id) DO NOTHING
        """
    )
    cursor.execute("DROP TABLE candidate, decided")


def _candidates(result_ids: Iterable[int]) -> dict[Key, list[Candidate]]:
    """Candidates by (task id, variant id), in the order in which they were stored."""
    rows = (
        TaskResult.objects.filter(pk__in=list(result_ids))
        .order_by("id")
        .values_list(
            "task_id",
            "variant_id",
            "id",
            "source__kind",
            "model_revision__name",
            F("model_revision__model_meta__registry_revision"),
            "mteb_version",
            "dataset_revision",
            Coalesce("date", "created_at"),
        )
    )
    found: dict[Key, list[Candidate]] = defaultdict(list)
    for task_id, variant_id, id_, kind, revision, registry_revision, version, dataset, moment in rows.iterator():
        candidate = Candidate(
            result_id=id_,
            kind=kind,
            revision=revision,
            is_registry_revision=revision == registry_revision,
            mteb_version=version,
            dataset_revision=dataset,
            timestamp=moment.timestamp(),
        )
        found[task_id, variant_id].append(candidate)
    return found


def _decide(candidates: dict[Key, list[Candidate]]) -> Iterator[tuple[Any, ...]]:
    """(result, variant, task, official part, part) for every result that counts."""
    mixed = {
        candidate.result_id
        for of_key in candidates.values()
        if any(candidate.kind != OFFICIAL for candidate in of_key)
        for candidate in of_key
    }
    cells = _scored_cells(mixed)
    hidden, choices = _hidden(candidates), _choices()
    for (task_id, variant_id), of_key in candidates.items():
        with_cells = [_with_cells(candidate, cells) for candidate in of_key]
        official = official_choice(with_cells)
        competing = competing_candidates(with_cells, hidden, choices.get((task_id, variant_id)))
        parts = {candidate.result_id: part for part, candidate in enumerate(current_parts(competing))}
        if official is not None:
            parts.setdefault(official.result_id, -1)
        for result_id, part in parts.items():
            counts_officially = official is not None and official.result_id == result_id
            yield result_id, variant_id, task_id, 0 if counts_officially else None, None if part < 0 else part


def _hidden(candidates: dict[Key, list[Candidate]]) -> set[int]:
    ids = [candidate.result_id for of_key in candidates.values() for candidate in of_key]
    return set(StaleResult.objects.filter(hides=True, result__in=ids).values_list("result_id", flat=True))


def _choices() -> dict[Key, Choice]:
    """The decisions of maintainers that hold now, which are few."""
    rows = ResultChoice.objects.filter(undone_at__isnull=True)
    return {
        (task_id, variant_id): Choice(result_id, latest_result_id)
        for task_id, variant_id, result_id, latest_result_id in rows.values_list(
            "task_id", "variant_id", "result_id", "latest_result_id"
        )
    }


def _with_cells(candidate: Candidate, cells: dict[int, frozenset[tuple[str, str]]]) -> Candidate:
    if candidate.result_id not in cells:
        return candidate
    return replace(candidate, cells=cells[candidate.result_id])


def _scored_cells(result_ids: Iterable[int]) -> dict[int, frozenset[tuple[str, str]]]:
    rows = TaskResult.objects.filter(pk__in=list(result_ids)).values_list(
        "id", "cell_set__splits", "cell_set__subsets", "main_scores"
    )
    return {
        id_: frozenset(
            (split, subset) for split, subset, score in zip(splits, subsets, scores, strict=True) if score is not None
        )
        for id_, splits, subsets, scores in rows
    }
