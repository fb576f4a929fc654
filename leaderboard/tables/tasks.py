"""The table of a task."""

from __future__ import annotations

import django_tables2

from leaderboard.models import Scope
from leaderboard.selectors.tasks import TaskScore
from leaderboard.tables.base import PodiumTable, Rows, ScoreColumn
from leaderboard.tables.cells import model_cell, rank_cell, score_text
from leaderboard.tables.provenance import PROVENANCE, provenance_cells, provenance_columns, results_cell


class TaskScoreTable(PodiumTable):
    """Every model's current result on a task."""

    first_columns_pinned = 2
    natural_order = "rank"
    text_columns = PROVENANCE | {"model"}
    rank = django_tables2.Column("Rank")
    model = django_tables2.Column("Model", accessor="current__model_name")
    score = ScoreColumn("Score", accessor="current__score")
    cells = ScoreColumn("Cells", accessor="current__n_cells")

    def __init__(self, scores: list[TaskScore], *, scope: Scope, sort: str = "") -> None:
        self.source = "" if scope == Scope.ALL else f"?source={scope}"
        super().__init__(Rows(scores), order_by=[sort] if sort else None, extra_columns=provenance_columns())

    def row(self, record: TaskScore) -> str:
        current = record.current
        score = score_text(current.score)
        return (
            f"<tr>{rank_cell(record.rank)}{model_cell(current.model_name, current.experiment_id, query=self.source)}"
            f"<td>{f'<strong>{score}</strong>' if record.rank == 1 else score}"
            f"<td>{_cells_text(current.n_cells, record.of_cells)}{provenance_cells(current)}"
            f"{results_cell(current.model_name, current.task_name, record.n_results)}"
        )


def _cells_text(n_cells: int, of_cells: int) -> str:
    if n_cells >= of_cells:
        return f"{n_cells}/{of_cells}"
    return f'<abbr title="incomplete: not ranked">{n_cells}/{of_cells}</abbr>'
