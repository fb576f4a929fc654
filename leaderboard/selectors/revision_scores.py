"""What the results of one model revision give, as if there were no other revision."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any, NamedTuple

from django.db.models import Exists, OuterRef, Subquery
from django.db.models.functions import Coalesce

from leaderboard.cell_means import Cell, whole_task
from leaderboard.currency import OFFICIAL, Candidate, current_parts, official_choice
from leaderboard.models import CellSet, ImportedFile, Scope, Task, TaskResult, TaskRow
from leaderboard.task_tables import DeclaredCells, Part, task_table

CellsOfTasks = Mapping[int, frozenset[Cell]]
"""Task -> the cells of it that count somewhere."""


class RevisionScore(NamedTuple):
    """`score` is None where cells are missing. `result_id` is the leading part where `n_parts` results merge."""

    score: float | None
    result_id: int
    n_parts: int


def revision_scores(
    revision_id: int, experiment_id: str, scope: Scope, cells: CellsOfTasks | None = None
) -> dict[int, RevisionScore]:
    """By task. With `cells` only those count, else all that a task declares."""
    chosen = [row for row in _counting(revision_id, experiment_id, scope) if cells is None or row.task_id in cells]
    declared = _declared({row.cell_set_id for row in chosen}, cells)
    whole = _whole({row.task_id for row in chosen}, scope, cells)
    scores = {}
    for task_id, rows in groupby(chosen, lambda row: row.task_id):
        parts = [
            Part(0, experiment_id, row.variant_id, row.pk, declared[row.cell_set_id], row.main_scores) for row in rows
        ]
        (merged,) = task_table(parts)
        complete = merged.n_cells >= max(merged.of_cells, whole[task_id])
        scores[task_id] = RevisionScore(merged.score if complete else None, merged.result_id, merged.n_parts)
    return scores


_FIELDS = (
    *("pk", "task_id", "variant_id", "cell_set_id", "main_scores"),
    *("source__kind", "mteb_version", "dataset_revision", "moment", "present"),
)


def _counting(revision_id: int, experiment_id: str, scope: Scope) -> list[Any]:
    """The results that count by the rule of `leaderboard.currency`, task by task and part by part.

    Of a source's files those that it still has are asked; where it has none any more, the one stored last.
    """
    results = TaskResult.objects.filter(model_revision=revision_id, variant__experiment_id=experiment_id, n_cells__gt=0)
    if scope == Scope.OFFICIAL:
        results = results.filter(source__kind=OFFICIAL)
    present = Exists(ImportedFile.objects.filter(result=OuterRef("pk"), present=True))
    rows = (
        results.annotate(present=present, moment=Coalesce("date", "created_at"))
        .order_by("task_id", "variant__experiment_name", "pk")
        .values_list(*_FIELDS, named=True)
    )
    of_variants = [list(group) for _, group in groupby(rows, lambda row: (row.task_id, row.variant_id))]
    standing = [
        [row for row in group if row.source__kind != OFFICIAL or row.present] or group[-1:] for group in of_variants
    ]
    contested = {row.cell_set_id for group in standing if len(group) > 1 for row in group}
    cells = _cell_lists(contested) if contested else {}
    return [row for group in standing for row in (_chosen(group, scope, cells) if len(group) > 1 else group)]


def _chosen(rows: Sequence[Any], scope: Scope, cells: Mapping[int, list[Cell]]) -> list[Any]:
    candidates = [_candidate(row, cells[row.cell_set_id]) for row in rows]
    if scope == Scope.OFFICIAL:
        parts = [choice] if (choice := official_choice(candidates)) else []
    else:
        parts = current_parts(candidates)
    by_id = {row.pk: row for row in rows}
    return [by_id[part.result_id] for part in parts]


def _candidate(row: Any, cells: Sequence[Cell]) -> Candidate:
    return Candidate(
        result_id=row.pk,
        kind=row.source__kind,
        revision="",
        is_registry_revision=True,
        mteb_version=row.mteb_version,
        dataset_revision=row.dataset_revision,
        timestamp=row.moment.timestamp(),
        cells=frozenset(cell for cell, score in zip(cells, row.main_scores, strict=True) if score is not None),
    )


def _cell_lists(ids: Collection[int]) -> dict[int, list[Cell]]:
    rows = CellSet.objects.filter(pk__in=ids).values_list("pk", "splits", "subsets")
    return {pk: list(zip(splits, subsets, strict=True)) for pk, splits, subsets in rows}


def _declared(cell_set_ids: Collection[int], cells: CellsOfTasks | None) -> dict[int, DeclaredCells]:
    """Cell set -> its cells, without those that do not count."""
    found = CellSet.objects.filter(pk__in=cell_set_ids).select_related("task")
    cell_sets = found.only("splits", "subsets", "task__eval_splits", "task__hf_subsets")
    return {cell_set.pk: DeclaredCells(_counted(cell_set, cells)) for cell_set in cell_sets}


def _counted(cell_set: CellSet, cells: CellsOfTasks | None) -> list[Cell | None]:
    listed: Iterable[Cell] = zip(cell_set.splits, cell_set.subsets, strict=True)
    if cells is None:
        return cell_set.task.declared(listed)
    counted = cells[cell_set.task_id]
    return [cell if cell in counted else None for cell in listed]


def _whole(task_ids: Collection[int], scope: Scope, cells: CellsOfTasks | None) -> dict[int, int]:
    """Task -> how many cells make it whole, by what all models have."""
    if cells is not None:
        return {task_id: whole_task(cells[task_id]) for task_id in task_ids}
    of_cells = TaskRow.objects.in_scope(scope).filter(task=OuterRef("pk")).values("of_cells")[:1]
    tasks = Task.objects.filter(pk__in=task_ids).annotate(of_cells=Coalesce(Subquery(of_cells), 0))
    return dict(tasks.values_list("pk", "of_cells"))
