"""The tables of the task page and of the index of tasks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import django_tables2
from django.urls import reverse
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString

from leaderboard.metrics import Metric
from leaderboard.models import Scope, Task
from leaderboard.selectors.task_cells import CellColumn
from leaderboard.selectors.task_list import TaskEntry
from leaderboard.selectors.tasks import TaskScore, is_stale
from leaderboard.tables.base import PodiumTable, Rows, ScoreColumn
from leaderboard.tables.cells import DASH, breakable, model_cell, rank_cell, score_text
from leaderboard.tables.provenance import PROVENANCE, provenance_cells, provenance_columns, results_cell
from leaderboard.task_types import type_label


def metric_text(metric: Metric, value: float | None) -> str:
    """A fraction x 100, as scores are; any other number with four digits, as it is stored."""
    if value is None or metric.is_fraction:
        return score_text(value)
    return f"{value:.4g}"


def percentile_text(percentile: float | None) -> str:
    return DASH if percentile is None else f"{percentile:.1f}"


class TaskScoreTable(PodiumTable):
    """Every model's current result on a task. `errors` holds standard errors by result, for the rows of the page."""

    first_columns_pinned = 2
    natural_order = "rank"
    text_columns = PROVENANCE | {"model"}
    rank = django_tables2.Column("Rank")
    model = django_tables2.Column("Model", accessor="current__model_name")
    percentile = ScoreColumn("Percentile")
    cells = ScoreColumn("Cells", accessor="current__n_cells")

    class Meta:
        sequence = ("rank", "model", "score", "percentile", "cells", "...")

    def __init__(self, scores: list[TaskScore], *, task: Task, metric: Metric, scope: Scope, sort: str = "") -> None:
        self.task, self.metric = task, metric
        self.source = "" if scope == Scope.ALL else f"?source={scope}"
        self.errors: Mapping[int, float] = {}
        self.stale: Mapping[int, str] = {}
        label = "Score" if metric.name == task.main_score else metric.label
        score = django_tables2.Column(
            label, accessor="current__score", initial_sort_descending=metric.higher_is_better is not False
        )
        super().__init__(
            Rows(scores),
            order_by=[sort] if sort else None,
            extra_columns=[("score", score), *provenance_columns()],
        )

    def row(self, record: TaskScore) -> str:
        current = record.current
        outdated = is_stale(current.dataset_revision, self.task)
        return (
            f"<tr>{rank_cell(record.rank)}{model_cell(current.model_name, current.experiment_id, query=self.source)}"
            f"<td>{self._score(record)}<td>{percentile_text(record.percentile)}"
            f"<td>{_cells_text(current.n_cells, record.of_cells)}"
            f"{provenance_cells(current, stale=outdated, reason=self.stale.get(current.result_id, ''))}"
            f"{results_cell(current.model_name, current.task_name, record.n_results)}"
        )

    def _score(self, record: TaskScore) -> str:
        score = record.current.score
        text = score_text(score) if self.metric.name == self.task.main_score else metric_text(self.metric, score)
        error = self.errors.get(record.current.result_id)
        noise = f"± {error * 100:.2f}" if error is not None else ""
        beside = f'<small class="error-bar">{noise}</small>' if self.errors else ""
        return f"{f'<strong>{text}</strong>' if record.rank == 1 else text}{beside}"


def _cells_text(n_cells: int, of_cells: int) -> str:
    if n_cells >= of_cells:
        return f"{n_cells}/{of_cells}"
    return f'<abbr title="incomplete: not ranked">{n_cells}/{of_cells}</abbr>'


@dataclass(frozen=True)
class CellsOfModel:
    """A row of the table of splits and subsets; `values` has a score for each column on the page, None where blank.

    `mean` is over all chosen cells, also those on other pages, and blank if one of them is.
    """

    score: TaskScore
    mean: float | None
    values: Sequence[float | None]


class TaskCellTable(PodiumTable):
    """Every model by split and subset. A column's key is its split and subset; the best of a column is bold.

    `n_chosen` is how many cells a choice has left, 0 where nothing was chosen.
    """

    first_columns_pinned = 2
    natural_order = "rank"
    text_columns = frozenset({"model"})
    rank = django_tables2.Column("Rank", accessor="score__rank")
    model = django_tables2.Column("Model", accessor="score__current__model_name")
    score = ScoreColumn("Score", accessor="score__current__score")

    def __init__(
        self,
        rows: list[CellsOfModel],
        columns: Sequence[CellColumn],
        *,
        names: Mapping[str, str],
        best: Sequence[float | None],
        several_splits: bool,
        n_chosen: int,
        scope: Scope,
        sort: str = "",
    ) -> None:
        self.best, self.shows_mean = best, n_chosen > 0
        self.source = "" if scope == Scope.ALL else f"?source={scope}"
        mean = [("mean", ScoreColumn(f"Mean of {n_chosen} chosen"))] if n_chosen else []
        cells = [
            (f"cell:{column.key}", ScoreColumn(_cell_head(column, names, several_splits), accessor=f"values__{place}"))
            for place, column in enumerate(columns)
        ]
        super().__init__(Rows(rows), order_by=[sort] if sort else None, extra_columns=[*mean, *cells])

    def row(self, record: CellsOfModel) -> str:
        current = record.score.current
        cells = "".join(
            f'<td><abbr title="not run">{DASH}</abbr>'
            if value is None
            else f"<td><strong>{score_text(value)}</strong>"
            if value == best
            else f"<td>{score_text(value)}"
            for value, best in zip(record.values, self.best, strict=True)
        )
        return (
            f"<tr>{rank_cell(record.score.rank)}"
            f"{model_cell(current.model_name, current.experiment_id, query=self.source)}"
            f"<td>{score_text(current.score)}{f'<td>{score_text(record.mean)}' if self.shows_mean else ''}{cells}"
        )


def _cell_head(column: CellColumn, names: Mapping[str, str], several_splits: bool) -> SafeString:
    """The subset, and in small print its languages by name; its split where there are several."""
    details = [column.split] if several_splits else []
    details += dict.fromkeys(names.get(code, code) for code in column.languages[:3])
    if len(column.languages) > 3:
        details.append(f"{len(column.languages)} languages")
    small = format_html("<small>{}</small>", ", ".join(details)) if details else ""
    return format_html("{}{}", breakable(column.subset), small)


class TaskListTable(PodiumTable):
    """The index of tasks."""

    text_columns = frozenset({"name", "type", "languages", "domains", "main_score"})
    natural_order = "name"
    name = django_tables2.Column("Task")
    type = django_tables2.Column("Type")
    languages = django_tables2.Column("Languages", accessor="n_languages")
    domains = django_tables2.Column("Domains")
    main_score = django_tables2.Column("Main score")
    n_models = ScoreColumn("Models")
    n_benchmarks = ScoreColumn("Boards")
    best = ScoreColumn("Best")

    def __init__(self, entries: list[TaskEntry], *, names: Mapping[str, str], scope: Scope, sort: str = "") -> None:
        self.names = names
        self.source = "" if scope == Scope.ALL else f"?source={scope}"
        super().__init__(Rows(entries), order_by=[sort] if sort else None)

    def row(self, record: TaskEntry) -> str:
        marks = "".join(
            f'<span class="badge">{mark}</span>'
            for mark, holds in (("private data", not record.is_public), ("superseded", record.is_superseded))
            if holds
        )
        return (
            f'<tr><th scope="row"><a href="{escape(reverse("task", args=[record.name]))}{self.source}">'
            f'{breakable(record.name)}</a>{marks}</th><td class="text">{escape(type_label(record.type))}'
            f'<td class="text">{escape(languages_text(record.languages, self.names))}'
            f'<td class="text wrap">{escape(", ".join(record.domains) or DASH)}'
            f'<td class="text"><code>{escape(record.main_score)}</code>'
            f"<td>{record.n_models}<td>{record.n_benchmarks}<td>{score_text(record.best)}"
        )


def languages_text(codes: Sequence[str], names: Mapping[str, str], most: int = 2) -> str:
    """The languages by name, or their number where they are more than `most`."""
    known = list(dict.fromkeys(names.get(code, code) for code in codes))
    if len(known) > most:
        return f"{len(known)} languages"
    return " and ".join(known) or "no language"
