"""The tables of a board."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import django_tables2
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.html import escape, format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString, mark_safe
from django_tables2.data import TableListData
from django_tables2.utils import OrderBy

from leaderboard.bootstrap import is_tied_with_top
from leaderboard.models import Benchmark, BoardRow, Scope
from leaderboard.selectors.boards import (
    BoardColumn,
    Kind,
    Scale,
    ShownBoard,
    View,
    cell_values,
    entrant,
    mean_names,
    sort_rows,
)
from leaderboard.selectors.languages import language_names
from leaderboard.selectors.standings import Standings
from leaderboard.standing import MEANS
from leaderboard.tables.base import PodiumTable
from leaderboard.tables.cells import (
    CELLS,
    DASH,
    TRAINED_ON,
    breakable,
    model_cell,
    moved_rank_cell,
    origin_text,
    rank_cell,
    stale_mark,
)
from leaderboard.task_types import type_label

COLUMN_LABELS = {
    "rank": "Rank",
    "place": "Place",
    "model": "Model",
    "method": "Win rate",
    "above_random": "Above random",
    "mean_task": "Mean (Task)",
    "mean_task_type": "Mean (TaskType)",
    "mean_subset": "Mean (Subset)",
    "mean_public": "Mean (Public)",
    "mean_private": "Mean (Private)",
    "coverage": "Tasks done",
    "verified": "Verified",
    "zero_shot": "Zero-shot",
    "parameters": "Parameters",
    "dimensions": "Dimensions",
    "max_tokens": "Max tokens",
    "released": "Released",
    "speed": "Texts/s",
    "memory": "Memory, MB",
    "latency": "Latency, ms",
    "energy": "Wh per million tokens",
    "index": "Index, MB per million",
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
    return breakable(plain_label(column)) if column.family in {"task", "group"} else plain_label(column)


def plain_label(column: BoardColumn) -> str:
    """The label as text."""
    if column.family == "type":
        return type_label(column.name)
    if column.family == "without":
        return f"Without {type_label(column.name)}"
    if column.family == "language":
        return language_names().get(column.name, column.name)
    return column.name if column.family else COLUMN_LABELS[column.key]


class StandingsRows(TableListData):
    """The rows of a narrowed board: sorted by column, and made only where they are shown."""

    def __init__(self, standings: Standings) -> None:
        super().__init__(list(range(len(standings))))
        self.standings = standings

    def order_by(self, aliases: Iterable[str]) -> None:
        for alias in list(aliases)[:1]:
            column = self.table.columns[OrderBy(alias).bare].column.board_column
            self.data = self.standings.order(column, descending=OrderBy(alias).is_descending)

    def __getitem__(self, key: Any) -> Any:
        places = self.data[key]
        return self.standings.records(places) if isinstance(key, slice) else places

    def __iter__(self) -> Any:
        return iter(self.standings.records(self.data))


@dataclass(frozen=True)
class Marks:
    """What the cells of a table say beside their number.

    `scales` are by column key. `started` has the tasks on which a row, by model and experiment id, has any result:
    where such a task is blank, cells of it are missing. `contaminated` has the tasks whose data a model was trained on,
    `declined` those that it is not to be measured on, with the reason. `stale` has, by model and experiment id, the
    tasks whose result a rule makes stale, with the reason.
    """

    scales: Mapping[str, Scale] = field(default_factory=dict)
    started: Mapping[tuple[int, str], set[str]] = field(default_factory=dict)
    contaminated: Mapping[int, set[str]] = field(default_factory=dict)
    declined: Mapping[int, Mapping[str, str]] = field(default_factory=dict)
    stale: Mapping[tuple[int, str], Mapping[str, str]] = field(default_factory=dict)


class BoardTable(PodiumTable):
    """A view of a board. `marks` may be set until the body is drawn; `pinned` are rows that stand above the others."""

    first_columns_pinned = 2
    text_columns = frozenset({"model"})

    def __init__(
        self,
        rows: QuerySet[Any, Any] | Standings,
        *,
        board: ShownBoard,
        view: View,
        columns: Sequence[BoardColumn],
        sort: str = "",
    ) -> None:
        self.board, self.view, self.board_columns = board, view, columns
        self.natural_order = self._natural_order()
        self.marks = Marks()
        self.pinned: list[Any] = []
        self.metric = rows.query.metric if isinstance(rows, Standings) else ""
        self.leading = next((column.key for column in columns if column.kind is Kind.SCORE), "")
        self.source = "" if board.scope == Scope.ALL else f"?source={board.scope}"
        stored = board.benchmark.pk is not None
        self.origins_address = reverse("row_origins", args=[board.benchmark.slug]) if stored else ""
        self.results_address = reverse("results")
        super().__init__(
            StandingsRows(rows) if isinstance(rows, Standings) else rows,
            order_by=[sort] if sort else None,
            extra_columns=[(column.key, BoardTableColumn(column, view)) for column in columns],
        )

    def body(self) -> SafeString:
        shown = super().body()
        if not self.pinned:
            return shown
        rows = "".join(self.row(record) for record in self.pinned)
        return mark_safe(f'<tbody class="pinned-rows">{rows}</tbody>{shown}')  # noqa: S308

    def _natural_order(self) -> str:
        """The column that the board's own order follows; none in the per-task table, or where means order the rows."""
        if self.view == View.LANGUAGES:
            return "place"
        return (
            ""
            if self.view in {View.TASKS, View.TYPES} or "mean_subset" in self.board.benchmark.aggregations
            else "rank"
        )

    @property
    def has_intervals(self) -> bool:
        """Whether the rows have intervals of their rank."""
        return self.view != View.LANGUAGES

    @property
    def blank_means(self) -> list[str]:
        """Labels of the means that no row has, where the rank does not come from them."""
        if self.board.benchmark.sort_columns:
            return []
        means = (column for column in self.board_columns if column.key.startswith("mean_"))
        return [COLUMN_LABELS[column.key] for column in means if column.key not in self.marks.scales]

    def row(self, record: Any) -> str:
        started = self.marks.started.get((record.model_meta_id, getattr(record, "experiment_id", "")), set())
        seen = self.marks.contaminated.get(record.model_meta_id, set())
        cells = [
            self._score(column, value, record, started, seen)
            if column.kind is Kind.SCORE
            else self._cell(column, value, record)
            for column, value in zip(self.board_columns, cell_values(record, self.board_columns), strict=True)
        ]
        tied = ' class="tied"' if self.view == View.SUMMARY and is_tied_with_top(record.rank, record.rank_low) else ""
        experiment_id = getattr(record, "experiment_id", "")
        variant = f' data-variant="{escape(experiment_id)}"' if experiment_id else ""
        return f"<tr{tied}{variant}>{''.join(cells)}"

    def _score(
        self, column: BoardColumn, value: float | None, record: Any, started: Collection[str], seen: Collection[str]
    ) -> str:
        if value is None:
            return self._blank(column, started, self.marks.declined.get(record.model_meta_id, {}))
        text = f"{value * 100:.2f}"
        scale = self.marks.scales.get(column.key)
        if scale and value == scale.best:
            text = f"<strong>{text}</strong>"
        if self.view == View.SUMMARY:
            return f"<td>{text}{self._interval(column, record)}"
        mark = TRAINED_ON if column.family == "task" and column.name in seen else ""
        mark += self._stale(column, record)
        return f'<td class="h{scale.step(value)}">{text}{mark}' if scale else f"<td>{text}{mark}"

    def _stale(self, column: BoardColumn, record: Any) -> str:
        of_row = self.marks.stale.get((record.model_meta_id, getattr(record, "experiment_id", "")), {})
        return stale_mark(of_row[column.name]) if column.family == "task" and column.name in of_row else ""

    def _interval(self, column: BoardColumn, record: Any) -> str:
        """The 95 % interval of the leading mean, in small print."""
        if column.key != self.leading or column.key not in MEANS:
            return ""
        place = MEANS.index(column.key)
        if not record.mean_lows or record.mean_lows[place] is None:
            return ""
        return f"<small>{record.mean_lows[place] * 100:.1f}{DASH}{record.mean_highs[place] * 100:.1f}</small>"

    def _blank(self, column: BoardColumn, started: Collection[str], declined: Mapping[str, str]) -> str:
        """Why there is no number."""
        not_run = column.family == "language" or (column.family == "task" and column.name not in started)
        if not_run and column.family == "task" and column.name in declined:
            return f'<td class="unknown"><abbr title="declined: {escape(declined[column.name])}">declined</abbr>'
        return f'<td><abbr title="{"not run" if not_run else "incomplete"}">{DASH}</abbr>'

    def _cell(self, column: BoardColumn, value: Any, record: Any) -> str:
        if column.kind is Kind.MODEL:
            return self._model(record)
        if column.kind is Kind.COVERAGE:
            return f"<td>{value}/{self.board.n_declared_tasks}"
        if column.family == "without":
            return moved_rank_cell(value, record.rank)
        if column.kind is Kind.RANK and getattr(record, "rank_low", None):
            return rank_cell(value, (record.rank_low, record.rank_high))
        return CELLS[column.kind](value)

    def _model(self, record: Any) -> str:
        experiment_id = getattr(record, "experiment_id", "")
        origins = getattr(record, "origins", ())
        name = record.model_meta__name
        which = escape(entrant(name, experiment_id))
        choice = f'<input type="checkbox" name="m" value="{which}" aria-label="Choose {which}">'
        origin = origin_text(origins)
        if not origin or not self.origins_address:
            return model_cell(name, experiment_id, choice=choice, query=self.source)
        asked = {
            "m": name,
            "variant": experiment_id,
            "source": "" if self.board.scope == Scope.ALL else self.board.scope,
            "metric": self.metric,
        }
        address = f"{self.origins_address}?{urlencode({key: value for key, value in asked.items() if value})}"
        link = format_html('<a href="{}" title="where the numbers come from">{}</a>', address, origin)
        return model_cell(name, experiment_id, link, self.source, choice)
