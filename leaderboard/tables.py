"""How tables read: labels, rounding, links. django-tables2 keeps columns, sorting and paging; rows are written here.

Writing the rows in Python, one string per cell, is what lets a board of 426 x 131 cells be a page: tables2's own row
rendering needs about a millisecond a row of twenty cells.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any

import django_tables2
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.html import escape
from django.utils.http import urlencode
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import slugify
from django_tables2.data import TableListData
from django_tables2.utils import OrderBy

from leaderboard.models import Benchmark, Board, BoardRow, Scope, SourceKind
from leaderboard.selectors.boards import BoardColumn, Kind, View, cell_values, mean_names, sort_rows
from leaderboard.selectors.model_metas import ModelScore
from leaderboard.selectors.results import CurrentScore
from leaderboard.selectors.tasks import TaskScore

DASH = "\N{EN DASH}"
UNKNOWN = '<td class="unknown">unknown'
ORIGIN_LABELS: dict[str, str] = {
    SourceKind.OFFICIAL: "official",
    SourceKind.UPLOAD: "uploaded",
    SourceKind.RUN: "evaluated here",
}
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
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z0-9])(?=[A-Z][a-z])|(?<=[_.\-/])")


def breakable(name: str) -> SafeString:
    """The name, which may break across lines between its words: a column head is narrow and task names are long."""
    return mark_safe("<wbr>".join(escape(part) for part in _HUMP.split(name)))  # noqa: S308


def spaced(name: str) -> str:
    """PairClassification -> Pair Classification."""
    return " ".join(_HUMP.split(name))


def score_text(score: float | None) -> str:
    return DASH if score is None else f"{score * 100:.2f}"


def quantity_text(number: int) -> str:
    """7,241,732,096 -> 7.2B."""
    for size, letter in ((10**9, "B"), (10**6, "M"), (10**3, "K")):
        if number >= size:
            return f"{number / size:.{1 if number < 10 * size else 0}f}{letter}".replace(".0", "")
    return str(number)


def date_text(day: date | datetime | None) -> str:
    return "unknown" if day is None else f"{day:%Y-%m-%d}"


def origin_text(kinds: Iterable[str]) -> str:
    return ", ".join(label for kind, label in ORIGIN_LABELS.items() if kind in kinds)


def revision_text(revision: str) -> str:
    """A commit shortened as people quote it; a label as it is."""
    return revision[:8] if re.fullmatch(r"[0-9a-f]{40}", revision) else revision


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


class PodiumTable(django_tables2.Table):
    """A table whose rows are one safe string, `body` (its tbody elements).

    Its address parameters are `sort`, `page` and `per_page`.
    """

    first_columns_pinned = 1
    text_columns: frozenset[str] = frozenset()
    natural_order = ""

    class Meta:
        template_name = "leaderboard/_table.html"
        order_by_field = "sort"

    def body(self) -> SafeString:
        return mark_safe(f"<tbody>{''.join(self.row(record) for record in self.records())}</tbody>")  # noqa: S308

    def row(self, record: Any) -> str:
        raise NotImplementedError

    def records(self) -> Iterable[Any]:
        return self.paginated_rows.data

    def show_page(self, number: str | None, per_page: int | None) -> None:
        """A number that is no page shows the nearest one; `per_page=None` shows everything."""
        self.paginator = Paginator(self.rows, per_page or max(len(self.rows), 1))
        self.page = self.paginator.get_page(number)

    @property
    def page_range(self) -> Iterable[int | str]:
        return self.paginator.get_elided_page_range(self.page.number, on_each_side=2, on_ends=1)


class ScoreColumn(django_tables2.Column):
    """Sorts the best first at the first click."""

    def __init__(self, verbose_name: str, **kwargs: Any) -> None:
        super().__init__(verbose_name=verbose_name, initial_sort_descending=True, **kwargs)


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


def model_cell(name: str, experiment_id: str = "", origin: str = "", query: str = "") -> str:
    """A row's head: the model, and in small print who made it, how it was run and where the row comes from."""
    organisation, _, short_name = name.rpartition("/")
    variant = f'<span class="variant">{escape(experiment_id)}</span>' if experiment_id else ""
    details = " · ".join(escape(text) for text in (organisation, origin) if text)
    return (
        f'<th scope="row"><a href="{escape(reverse("model", args=[name]))}{query}">{breakable(short_name)}</a>'
        f"{variant}<small>{details}</small></th>"
    )


def rank_cell(rank: int | None) -> str:
    if rank is None:
        return f'<td class="rank"><abbr title="not ranked">{DASH}</abbr>'
    return f'<td class="rank"><span class="medal-{rank}">{rank}</span>' if rank <= 3 else f'<td class="rank">{rank}'


def percent_cell(percent: int | None) -> str:
    if percent is None:
        return '<td><abbr title="not available: the training data is not disclosed">NA</abbr>'
    return f"<td>{percent}%"


def _known(text: Callable[[Any], str]) -> Callable[[Any], str]:
    return lambda value: UNKNOWN if value is None else f"<td>{text(value)}"


CELLS: dict[Kind, Callable[[Any], str]] = {
    Kind.RANK: rank_cell,
    Kind.PLACE: lambda position: rank_cell(position + 1),
    Kind.PERCENT: percent_cell,
    Kind.QUANTITY: _known(quantity_text),
    Kind.COUNT: _known(lambda number: f"{number:,}"),
    Kind.DATE: _known(date_text),
}


class Rows(TableListData):
    """A list that sorts by attributes, where None is last in either direction and equal rows keep their place."""

    data: list[Any]

    def order_by(self, aliases: Iterable[str]) -> None:
        for alias in reversed(list(aliases)):
            accessor = self.table.columns[OrderBy(alias).bare].accessor
            known = [record for record in self.data if accessor.resolve(record, quiet=True) is not None]
            unknown = [record for record in self.data if accessor.resolve(record, quiet=True) is None]
            known.sort(key=accessor.resolve, reverse=OrderBy(alias).is_descending)
            self.data = [*known, *unknown]


def provenance_cells(current: CurrentScore) -> str:
    """Revision, dataset revision, mteb version, date and origin of a result."""
    parts = (
        f' <abbr title="merged from {current.n_parts} results">+{current.n_parts - 1}</abbr>'
        if current.n_parts > 1
        else ""
    )
    return (
        f'<td class="text"><code title="{escape(current.model_revision)}">'
        f"{escape(revision_text(current.model_revision))}</code>{parts}"
        f"{_code(current.dataset_revision)}{_text(current.mteb_version)}"
        f'{CELLS[Kind.DATE](current.date)}<td class="text">{ORIGIN_LABELS[current.origin]}'
    )


def _code(revision: str | None) -> str:
    if not revision:
        return '<td class="text unknown">unknown'
    return f'<td class="text"><code title="{escape(revision)}">{escape(revision_text(revision))}</code>'


def _text(text: str | None) -> str:
    return f'<td class="text">{escape(text)}' if text else '<td class="text unknown">unknown'


def results_cell(model_name: str, task_name: str, n_results: int) -> str:
    address = f"{reverse('results')}?{urlencode({'model': model_name, 'task': task_name})}"
    word = "result" if n_results == 1 else "results"
    return (
        f'<td class="text"><a href="{escape(address)}">{n_results} {word}'
        f'<span class="visually-hidden"> of {escape(model_name)} on {escape(task_name)}</span></a>'
    )


PROVENANCE_COLUMNS: tuple[tuple[str, str, str], ...] = (
    ("revision", "Revision", "current__model_revision"),
    ("dataset", "Dataset revision", "current__dataset_revision"),
    ("mteb", "mteb version", "current__mteb_version"),
    ("date", "Date", "current__date"),
    ("source", "Source", "current__origin"),
)


PROVENANCE = frozenset({"revision", "dataset", "mteb", "source", "results"})


def _provenance_columns() -> list[tuple[str, django_tables2.Column]]:
    columns = [(name, django_tables2.Column(label, accessor=accessor)) for name, label, accessor in PROVENANCE_COLUMNS]
    return [*columns, ("results", django_tables2.Column("All results", accessor="n_results"))]


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
        super().__init__(Rows(scores), order_by=[sort] if sort else None, extra_columns=_provenance_columns())

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


class ModelScoreTable(PodiumTable):
    """A model's current results, one block of rows per task type."""

    text_columns = PROVENANCE | {"task"}
    task = django_tables2.Column("Task", accessor="current__task_name")
    score = ScoreColumn("Score", accessor="current__score")
    cells = ScoreColumn("Cells", accessor="current__n_cells")

    def __init__(self, scores: list[ModelScore], *, scope: Scope, sort: str = "") -> None:
        self.source = "" if scope == Scope.ALL else f"?source={scope}"
        super().__init__(Rows(scores), order_by=[sort] if sort else None, extra_columns=_provenance_columns())

    @property
    def groups(self) -> list[str]:
        return sorted({record.current.task_type for record in self.records()})

    def body(self) -> SafeString:
        by_type = sorted(self.records(), key=lambda record: record.current.task_type)
        groups = ((name, list(group)) for name, group in groupby(by_type, lambda record: record.current.task_type))
        return mark_safe("".join(self._group(name, records) for name, records in groups))  # noqa: S308

    def _group(self, task_type: str, records: list[ModelScore]) -> str:
        count = f"{len(records)} task{'s' if len(records) != 1 else ''}"
        head = f'<th colspan="{len(self.columns)}" scope="rowgroup" id="{escape(slugify(task_type))}">'
        rows = "".join(self.row(record) for record in records)
        title = f"<span>{escape(spaced(task_type))} <small>{count}</small></span>"
        return f'<tbody><tr class="group">{head}{title}</th>{rows}</tbody>'

    def row(self, record: ModelScore) -> str:
        current = record.current
        mark = '<abbr class="mark" title="trained on this task\'s data">‡</abbr>' if record.contaminated else ""
        variant = f'<span class="variant">{escape(current.experiment_id)}</span>' if current.experiment_id else ""
        return (
            f'<tr><th scope="row"><a href="{escape(reverse("task", args=[current.task_name]))}{self.source}">'
            f"{breakable(current.task_name)}</a>{variant}</th><td>{score_text(current.score)}{mark}<td>{current.n_cells}"
            f"{provenance_cells(current)}{results_cell(current.model_name, current.task_name, record.n_results)}"
        )
