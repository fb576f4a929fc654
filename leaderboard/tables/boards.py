"""The tables of a board."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import django_tables2
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.safestring import SafeString

from leaderboard.models import Benchmark, Board, BoardRow, Scope
from leaderboard.selectors.boards import BoardColumn, Kind, View, cell_values, mean_names, sort_rows
from leaderboard.tables.base import PodiumTable
from leaderboard.tables.cells import CELLS, DASH, breakable, model_cell, origin_text, spaced

COLUMN_LABELS = {
    "rank": "Rank",
    "place": "Place",
    "model": "Model",
    "mean_task": "Mean (Task)",
    "mean_task_type": "Mean (TaskType)",
    "mean_subset": "Mean (Subset)",
    "mean_public": "Mean (Public)",
    "mean_private": "Mean (Private)",
    "coverage": "Tasks done",
    "zero_shot": "Zero-shot",
    "parameters": "Parameters",
    "dimensions": "Dimensions",
    "max_tokens": "Max tokens",
    "released": "Released",
}


def ranking_rule(benchmark: Benchmark) -> str:
    """How the board is ranked, to end a sentence that begins with "ranked by"."""
    if not benchmark.sort_columns:
        return f"Borda count{', listed by Mean (Subset),' if 'mean_subset' in benchmark.aggregations else ''}"
    columns = [COLUMN_LABELS.get(name, name) for name in benchmark.sort_columns]
    return ", then ".join(columns)


@dataclass(frozen=True)
class LeadingMean:
    label: str
    value: float | None


def leading_mean(row: BoardRow) -> LeadingMean:
    """The first mean that the row's board has: not every board has a mean over tasks."""
    name = next(iter(mean_names(row.board.benchmark)), "mean_task")
    return LeadingMean(COLUMN_LABELS[name], getattr(row, name))


class BoardTableColumn(django_tables2.Column):
    """A column of a board: sorted in the database, blank last."""

    ascending_first = {Kind.RANK, Kind.PLACE, Kind.MODEL, Kind.QUANTITY, Kind.COUNT}

    def __init__(self, column: BoardColumn, view: View) -> None:
        super().__init__(
            verbose_name=column_label(column),
            accessor="model_meta_id",
            initial_sort_descending=column.kind not in self.ascending_first,
        )
        self.board_column = column
        self.view = view
        self.about = reverse("task", args=[column.name]) if column.family == "task" else ""

    def order(self, queryset: QuerySet[Any, Any], is_descending: bool) -> tuple[QuerySet[Any, Any], bool]:
        return sort_rows(queryset, self.view, self.board_column, descending=is_descending), True


def column_label(column: BoardColumn) -> SafeString | str:
    if column.family == "type":
        return spaced(column.name)
    if column.family:
        return breakable(column.name)
    return COLUMN_LABELS[column.key]


class BoardTable(PodiumTable):
    """A view of a board. `started` says on which blank tasks a row has some result (empty but in the per-task view)."""

    first_columns_pinned = 2
    text_columns = frozenset({"model"})

    def __init__(
        self,
        rows: QuerySet[Any, Any],
        *,
        board: Board,
        view: View,
        columns: Sequence[BoardColumn],
        best: Mapping[str, float],
        sort: str = "",
    ) -> None:
        self.board, self.view, self.board_columns, self.best = board, view, columns, best
        self.natural_order = self._natural_order()
        self.started: Mapping[tuple[int, str], set[str]] = {}
        self.source = "" if board.scope == Scope.ALL else f"?source={board.scope}"
        super().__init__(
            rows,
            order_by=[sort] if sort else None,
            extra_columns=[(column.key, BoardTableColumn(column, view)) for column in columns],
        )

    def _natural_order(self) -> str:
        """The column that the board's own order follows; none in the per-task table, or where means order the rows."""
        if self.view == View.LANGUAGES:
            return "place"
        return "" if self.view == View.TASKS or "mean_subset" in self.board.benchmark.aggregations else "rank"

    @property
    def blank_means(self) -> list[str]:
        """Labels of the means that no row has, where the rank does not come from them."""
        if self.board.benchmark.sort_columns:
            return []
        means = (column for column in self.board_columns if column.key.startswith("mean_"))
        return [COLUMN_LABELS[column.key] for column in means if column.key not in self.best]

    def row(self, record: Any) -> str:
        started = self.started.get((record.model_meta_id, record.experiment_id), set()) if self.started else set()
        values = cell_values(record, self.board_columns)
        cells = [
            self._score(column, value, started) if column.kind is Kind.SCORE else self._cell(column, value, record)
            for column, value in zip(self.board_columns, values, strict=True)
        ]
        return f"<tr>{''.join(cells)}"

    def _score(self, column: BoardColumn, value: float | None, started: set[str]) -> str:
        if value is None:
            return f'<td><abbr title="{self._blank(column, started)}">{DASH}</abbr>'
        text = f"{value * 100:.2f}"
        return f"<td><strong>{text}</strong>" if value == self.best.get(column.key) else f"<td>{text}"

    def _blank(self, column: BoardColumn, started: set[str]) -> str:
        if column.family == "language" or (column.family == "task" and column.name not in started):
            return "not run"
        return "incomplete"

    def _cell(self, column: BoardColumn, value: Any, record: Any) -> str:
        if column.kind is Kind.MODEL:
            return self._model(record)
        if column.kind is Kind.COVERAGE:
            return f"<td>{value}/{self.board.n_declared_tasks}"
        return CELLS[column.kind](value)

    def _model(self, record: Any) -> str:
        experiment_id = getattr(record, "experiment_id", "")
        origins = getattr(record, "origins", ())
        return model_cell(record.model_meta__name, experiment_id, origin_text(origins), self.source)
