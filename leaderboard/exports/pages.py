"""The tables of the task and the model page as sheets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from leaderboard.exports.columns import Sheet, SheetColumn, ValueKind
from leaderboard.models import ModelMeta, Scope, Task
from leaderboard.selectors.model_metas import ModelScore
from leaderboard.selectors.results import CurrentScore
from leaderboard.selectors.tasks import TaskScore
from leaderboard.tables.cells import ORIGIN_LABELS

SCOPE_TEXTS = {
    Scope.OFFICIAL: "official results only",
    Scope.ALL: "official results, uploads and evaluations here",
}
_PROVENANCE = (
    SheetColumn("model_revision", "Revision", ValueKind.TEXT),
    SheetColumn("dataset_revision", "Dataset revision", ValueKind.TEXT),
    SheetColumn("mteb_version", "mteb version", ValueKind.TEXT),
    SheetColumn("date", "Date", ValueKind.DATE),
    SheetColumn("source", "Source", ValueKind.TEXT),
    SheetColumn("n_results", "All results", ValueKind.INTEGER),
)


def task_sheet(task: Task, scores: Sequence[TaskScore], scope: Scope, address: str) -> Sheet:
    """Every model's current result on a task, in the order given; the best complete score is the best."""
    best = next((row.current.score for row in scores if row.rank == 1), None)
    columns = [
        SheetColumn("rank", "Rank", ValueKind.INTEGER),
        SheetColumn("model", "Model", ValueKind.TEXT),
        SheetColumn("variant", "Variant", ValueKind.TEXT),
        SheetColumn("score", "Score", ValueKind.SCORE, best=best),
        SheetColumn("cells", "Cells", ValueKind.INTEGER),
        SheetColumn("of_cells", "Cells of the task", ValueKind.INTEGER),
        *_PROVENANCE,
    ]
    rows = (
        [row.rank, *_identity(row.current), row.of_cells, *_provenance(row.current, row.n_results)] for row in scores
    )
    return Sheet(
        name=task.name,
        title=f"Results on {task.name}",
        description=f"Mean of {task.main_score} over the cells of the task, from {SCOPE_TEXTS[scope]}.",
        address=address,
        columns=columns,
        rows=rows,
    )


def model_sheet(model_meta: ModelMeta, scores: Iterable[ModelScore], scope: Scope, address: str) -> Sheet:
    """A model's current results, in the order given."""
    columns = [
        SheetColumn("task_type", "Task type", ValueKind.TEXT),
        SheetColumn("task", "Task", ValueKind.TEXT),
        SheetColumn("variant", "Variant", ValueKind.TEXT),
        SheetColumn("score", "Score", ValueKind.SCORE),
        SheetColumn("cells", "Cells", ValueKind.INTEGER),
        SheetColumn("contaminated", "Trained on its data", ValueKind.FLAG),
        *_PROVENANCE,
    ]
    undisclosed = model_meta.contaminated_tasks is None
    rows = (
        [
            row.current.task_type,
            row.current.task_name,
            *_identity(row.current)[1:],
            None if undisclosed else row.contaminated,
            *_provenance(row.current, row.n_results),
        ]
        for row in scores
    )
    return Sheet(
        name=model_meta.name,
        title=f"Results of {model_meta.name}",
        description=f"Mean of each task's main score over its cells, from {SCOPE_TEXTS[scope]}.",
        address=address,
        columns=columns,
        rows=rows,
    )


def _identity(current: CurrentScore) -> list[Any]:
    return [current.model_name, current.experiment_id, current.score, current.n_cells]


def _provenance(current: CurrentScore, n_results: int) -> list[Any]:
    return [
        current.model_revision,
        current.dataset_revision,
        current.mteb_version,
        current.date,
        ORIGIN_LABELS[current.origin],
        n_results,
    ]
