"""The rows of a board that charts of scores show, each with the mean that leads the board."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from django.urls import reverse

from leaderboard.aggregation import Floats
from leaderboard.methods import columns_by_type, mean_over_tasks, mean_over_types
from leaderboard.ranking import MEAN_TASK, MEAN_TASK_TYPE
from leaderboard.selectors.boards import mean_names
from leaderboard.selectors.model_facts import ModelFacts
from leaderboard.selectors.standings import Standings
from leaderboard.tables.boards import COLUMN_LABELS
from leaderboard.wording import counted

ENOUGH_ROWS = 20
"""With fewer strict means than this, and than half of the rows, charts show lenient ones."""
LEAST_COVERAGE = 0.8
"""Tasks that a model needs, as a share, for its lenient mean to be shown beside others."""


@dataclass(frozen=True)
class Contender:
    """A model as it was run; `place` is the number of its row in the standings."""

    facts: ModelFacts
    experiment_id: str
    place: int

    @property
    def name(self) -> str:
        return " ".join(filter(None, [self.facts.name, self.experiment_id]))

    @property
    def short_name(self) -> str:
        return self.name.rpartition("/")[2]

    @property
    def address(self) -> str:
        return reverse("model", args=[self.facts.name])


@dataclass(frozen=True)
class ScoredRow(Contender):
    """`score` is a fraction."""

    score: float


@dataclass(frozen=True)
class ChartRows:
    """The rows with a mean, in the order of the board.

    `is_lenient` tells whether the means run over the tasks that each model has; `type_means` are those of all rows of
    the standings.
    """

    standings: Standings
    rows: list[ScoredRow]
    mean: str
    is_lenient: bool
    type_means: Floats

    @property
    def contenders(self) -> list[Contender]:
        """Every row of the standings, with a mean or not."""
        entries = zip(self.standings.rows, self.standings.facts, strict=True)
        return [Contender(facts, row.experiment_id, place) for place, (row, facts) in enumerate(entries)]

    @property
    def caveat(self) -> str:
        """What the score is and who has none, in sentences."""
        n, n_left_out = len(self.standings), len(self.standings) - len(self.rows)
        if not self.is_lenient:
            left_out = f" {counted(n_left_out, 'model')} without it left out." if n_left_out else ""
            return f"The score is {self.mean}.{left_out}"
        n_tasks = len(self.standings.head.summary_task_names)
        is_asked = self.standings.query.lenient
        why = "as this view asks" if is_asked else "because few models or none have it over all tasks"
        return (
            f"The score is {self.mean} over the tasks that each model has, {why}. Models with less than "
            f"{LEAST_COVERAGE:.0%} of the {n_tasks} tasks are left out: {n_left_out:,} of {n:,}."
        )


def chart_rows(standings: Standings, weights: Mapping[str, int]) -> ChartRows:
    """Where hardly any row has a strict mean, the rows with a lenient one. `weights` are those of tasks by name."""
    name = next(iter(mean_names(standings.head.benchmark)), MEAN_TASK)
    columns = standings.columns
    found = _rows(standings, name, columns[name], columns["type_means"], is_lenient=standings.query.lenient)
    if found.is_lenient or len(found.rows) >= min(ENOUGH_ROWS, len(standings) / 2):
        return found
    by_task, by_type, of_types = _lenient_means(standings, weights)
    lenient = {MEAN_TASK: by_task, MEAN_TASK_TYPE: by_type}
    if name not in lenient:
        return found
    instead = _rows(standings, name, lenient[name], of_types, is_lenient=True)
    return instead if len(instead.rows) > len(found.rows) else found


def _lenient_means(standings: Standings, weights: Mapping[str, int]) -> tuple[Floats, Floats, Floats]:
    """By row, over the tasks that are not blank: the mean of tasks, the mean of types, and that of each type."""
    head, scores = standings.head, standings.columns["task_scores"]
    counts = np.array([weights.get(name, 1) for name in head.summary_task_names], dtype=np.intp)
    types = [head.type_of_task[name] for name in head.summary_task_names]
    columns = dict(zip(dict.fromkeys(types), columns_by_type(types), strict=True))
    of_types = {name: mean_over_tasks(scores[:, of], lenient=True, weights=counts[of]) for name, of in columns.items()}
    shown = [of_types[name] for name in head.task_types]
    return (
        mean_over_tasks(scores, lenient=True, weights=counts),
        mean_over_types(scores, types, lenient=True, weights=counts),
        np.column_stack(shown) if shown else np.empty((len(scores), 0)),
    )


def _rows(standings: Standings, name: str, means: Floats, type_means: Floats, *, is_lenient: bool) -> ChartRows:
    columns = standings.columns
    least = LEAST_COVERAGE * len(standings.head.summary_task_names) if is_lenient else 0
    rows = [
        ScoredRow(facts, row.experiment_id, place, float(means[place]))
        for place, (row, facts) in enumerate(zip(standings.rows, standings.facts, strict=True))
        if not np.isnan(means[place]) and columns["n_done"][place] >= least
    ]
    return ChartRows(standings, rows, COLUMN_LABELS[name], is_lenient, type_means)
