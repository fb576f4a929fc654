"""The tables of the task page as sheets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from leaderboard.exports.columns import Sheet, SheetColumn, ValueKind
from leaderboard.metrics import Metric
from leaderboard.models import Scope, Task
from leaderboard.selectors.task_cells import CellColumn
from leaderboard.selectors.tasks import TaskScore, is_stale
from leaderboard.tables.cells import ORIGIN_LABELS
from leaderboard.tables.tasks import CellsOfModel
from leaderboard.wording import sources

_SCOPES = {scope: sources(official_only=scope == Scope.OFFICIAL) for scope in Scope}
_IDENTITY = [
    SheetColumn("rank", "Rank", ValueKind.INTEGER),
    SheetColumn("model", "Model", ValueKind.TEXT),
    SheetColumn("variant", "Variant", ValueKind.TEXT),
]


def scores_sheet(
    task: Task, metric: Metric, rows: Sequence[TaskScore], errors: Mapping[int, float], scope: Scope, address: str
) -> Sheet:
    """Every model's current result by a metric, in the order given; the best complete score is the best."""
    best = next((row.current.score for row in rows if row.rank == 1), None)
    kind = ValueKind.SCORE if metric.is_fraction or metric.name == task.main_score else ValueKind.NUMBER
    columns = [
        *_IDENTITY,
        SheetColumn("score", metric.label, kind, best=best),
        *([SheetColumn("standard_error", "Standard error", ValueKind.SCORE)] if errors else []),
        SheetColumn("percentile", "Percentile", ValueKind.PERCENT),
        SheetColumn("cells", "Cells", ValueKind.INTEGER),
        SheetColumn("of_cells", "Cells of the task", ValueKind.INTEGER),
        SheetColumn("model_revision", "Revision", ValueKind.TEXT),
        SheetColumn("dataset_revision", "Dataset revision", ValueKind.TEXT),
        SheetColumn("stale", "Stale dataset revision", ValueKind.FLAG),
        SheetColumn("mteb_version", "mteb version", ValueKind.TEXT),
        SheetColumn("date", "Date", ValueKind.DATE),
        SheetColumn("source", "Source", ValueKind.TEXT),
        SheetColumn("n_results", "All results", ValueKind.INTEGER),
    ]
    return Sheet(
        name=task.name,
        title=f"Results on {task.name}",
        description=f"Mean of {metric.name} over the cells of the task, from {_SCOPES[scope]}.",
        address=address,
        columns=columns,
        rows=(_score_row(task, row, errors) for row in rows),
    )


def _score_row(task: Task, row: TaskScore, errors: Mapping[int, float]) -> list[Any]:
    current = row.current
    return [
        *_identity(row),
        current.score,
        *([errors.get(current.result_id)] if errors else []),
        row.percentile,
        current.n_cells,
        row.of_cells,
        current.model_revision,
        current.dataset_revision,
        is_stale(current.dataset_revision, task),
        current.mteb_version,
        current.date,
        ORIGIN_LABELS[current.origin],
        row.n_results,
    ]


def cells_sheet(
    task: Task,
    rows: Sequence[CellsOfModel],
    columns: Sequence[CellColumn],
    best: Sequence[float | None],
    scope: Scope,
    address: str,
) -> Sheet:
    """Every model by split and subset: all chosen cells, not only those of one page."""
    cells = [
        SheetColumn(column.key, f"{column.subset} ({column.split})", ValueKind.SCORE, best=highest)
        for column, highest in zip(columns, best, strict=True)
    ]
    return Sheet(
        name=f"{task.name}-subsets",
        title=f"Results on {task.name} by split and subset",
        description=f"{task.main_score} of each split and subset, from {_SCOPES[scope]}.",
        address=address,
        columns=[*_IDENTITY, SheetColumn("score", "Score", ValueKind.SCORE), *cells],
        rows=([*_identity(row.score), row.score.current.score, *row.values] for row in rows),
    )


def _identity(row: TaskScore) -> list[Any]:
    return [row.rank, row.current.model_name, row.current.experiment_id]
