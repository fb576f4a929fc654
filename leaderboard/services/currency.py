"""Deciding, from the stored results, which of them count now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from django.db import connection
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from leaderboard.currency import OFFICIAL, Candidate, current_parts, official_choice
from leaderboard.models import CurrentResult, ImportedFile, SourceKind, TaskResult

Key = tuple[int, int]


def choose_current_results(*, only: Sequence[Key] | None = None) -> None:
    """Recompute CurrentResult for the given (task id, variant id) pairs, or for everything.

    An official result is a candidate while the latest finished import of its source still has its file.
    """
    if only is None:
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE leaderboard_currentresult")
        _store(_decide(_candidates(TaskResult.objects.all())))
        return
    for task_id, variant_id in only:
        CurrentResult.objects.filter(task=task_id, variant=variant_id).delete()
        _store(_decide(_candidates(TaskResult.objects.filter(task=task_id, variant=variant_id))))


def _candidates(results: QuerySet[TaskResult]) -> dict[Key, list[Candidate]]:
    """Candidates by (task id, variant id). A result without any split is none, as in mteb."""
    present = ImportedFile.objects.filter(result=OuterRef("pk"), present=True)
    rows = (
        results.filter(~Q(source__kind=SourceKind.OFFICIAL) | Exists(present), n_cells__gt=0)
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
            "date",
            "created_at",
        )
    )
    found: dict[Key, list[Candidate]] = defaultdict(list)
    for task_id, variant_id, id_, kind, revision, registry_revision, version, dataset, date, created in rows.iterator(
        chunk_size=10_000
    ):
        candidate = Candidate(
            result_id=id_,
            kind=kind,
            revision=revision,
            is_registry_revision=revision == registry_revision,
            mteb_version=version,
            dataset_revision=dataset,
            timestamp=(date or created).timestamp(),
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
    for (task_id, variant_id), of_key in candidates.items():
        with_cells = [_with_cells(candidate, cells) for candidate in of_key]
        official = official_choice(with_cells)
        parts = {candidate.result_id: part for part, candidate in enumerate(current_parts(with_cells))}
        if official is not None:
            parts.setdefault(official.result_id, -1)
        for result_id, part in parts.items():
            counts_officially = official is not None and official.result_id == result_id
            yield result_id, variant_id, task_id, 0 if counts_officially else None, None if part < 0 else part


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
            (split, subset)
            for split, subset, score in zip(splits, subsets, scores, strict=True)
            if score is not None
        )
        for id_, splits, subsets, scores in rows
    }


def _store(rows: Iterator[tuple[Any, ...]]) -> None:
    statement = (
        "COPY leaderboard_currentresult (result_id, variant_id, task_id, official_part, all_part) FROM STDIN"
    )
    decided = list(rows)
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in decided:
            copy.write_row(row)
