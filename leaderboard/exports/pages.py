"""The table of the model page as a sheet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from leaderboard.exports.columns import Sheet, SheetColumn, ValueKind
from leaderboard.models import ModelMeta, Scope
from leaderboard.selectors.model_metas import ModelScore, add_provenance
from leaderboard.tables.cells import ORIGIN_LABELS
from leaderboard.wording import sources

SCOPE_TEXTS = {scope: sources(official_only=scope == Scope.OFFICIAL) for scope in Scope}
_ROWS_AT_ONCE = 100
_MODEL_COLUMNS = (
    SheetColumn("task_type", "Task type", ValueKind.TEXT),
    SheetColumn("task", "Task", ValueKind.TEXT),
    SheetColumn("variant", "Variant", ValueKind.TEXT),
    SheetColumn("score", "Score", ValueKind.SCORE),
    SheetColumn("contaminated", "Trained on its data", ValueKind.FLAG),
    SheetColumn("percentile", "Percentile", ValueKind.PERCENT),
    SheetColumn("rank", "Rank", ValueKind.INTEGER),
    SheetColumn("n_ranked", "Models ranked", ValueKind.INTEGER),
    SheetColumn("cells", "Cells", ValueKind.INTEGER),
    SheetColumn("of_cells", "Cells of the task", ValueKind.INTEGER),
    SheetColumn("model_revision", "Revision", ValueKind.TEXT),
    SheetColumn("dataset_revision", "Dataset revision", ValueKind.TEXT),
    SheetColumn("stale", "Stale dataset revision", ValueKind.FLAG),
    SheetColumn("mteb_version", "mteb version", ValueKind.TEXT),
    SheetColumn("date", "Date", ValueKind.DATE),
    SheetColumn("source", "Source", ValueKind.TEXT),
    SheetColumn("n_results", "All results", ValueKind.INTEGER),
)


def model_sheet(model_meta: ModelMeta, scores: Sequence[ModelScore], scope: Scope, address: str) -> Sheet:
    """A model's current results, in the order given; their provenance is read while they are written."""
    return Sheet(
        name=model_meta.name,
        title=f"Results of {model_meta.name}",
        description=f"Mean of each task's main score over its cells, from {SCOPE_TEXTS[scope]}.",
        address=address,
        columns=_MODEL_COLUMNS,
        rows=_model_rows(model_meta, scores),
    )


def _model_rows(model_meta: ModelMeta, scores: Sequence[ModelScore]) -> Iterator[Sequence[Any]]:
    undisclosed = model_meta.contaminated_tasks is None
    for start in range(0, len(scores), _ROWS_AT_ONCE):
        some = scores[start : start + _ROWS_AT_ONCE]
        add_provenance(model_meta, some)
        for row in some:
            yield [
                row.task_type,
                row.task_name,
                row.experiment_id,
                row.score,
                None if undisclosed else row.contaminated,
                row.percentile,
                row.rank,
                row.n_ranked,
                row.n_cells,
                row.of_cells,
                row.current.model_revision,
                row.current.dataset_revision,
                row.stale,
                row.current.mteb_version,
                row.current.date,
                ORIGIN_LABELS[row.current.origin],
                row.n_results,
            ]
