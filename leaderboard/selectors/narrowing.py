"""What a query leaves of a board: its cells by the task side, its rows by the model side."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from leaderboard.aggregation import Bools, Ints
from leaderboard.board_query import BoardQuery, ZeroShot
from leaderboard.cube import Cube, Selection
from leaderboard.filters import ModelSide, TaskSide, model_side, task_side
from leaderboard.methods import mean_over_tasks
from leaderboard.query_fields import board_fields, value_lookup
from leaderboard.query_language import Field, compile_query
from leaderboard.ranking import Entrants, Summary, summarise
from leaderboard.selectors.metadata import annotation_keys, annotation_values
from leaderboard.selectors.model_facts import model_facts
from leaderboard.standing import Standing, ranks_without_types, stand
from leaderboard.zero_shot import zero_shot_percentage


class Narrowing:
    """What a query leaves of a cube: its cells by the task side, its rows by the model side."""

    def __init__(self, cube: Cube, query: BoardQuery) -> None:
        self.cube, self.query = cube, query
        known = model_facts()
        self.facts = [known[row.model_meta_id] for row in cube.rows]
        self.entrants = Entrants(
            experiment_ids=[row.experiment_id for row in cube.rows],
            contaminated=[known[id_].contaminated_tasks for id_ in cube.model_meta_ids],
        )
        self.tasks: TaskSide = task_side(cube, query)
        self.models: ModelSide = model_side(cube, self.facts, query)
        self.selection = cube.select(kinds=self.tasks.kinds if self.tasks.admitted else None)

    @cached_property
    def everybody(self) -> Summary | None:
        """The summary of the chosen tasks with every model on it: what conditions on scores and coverage look at."""
        return summarise(self.selection.cells, self.cube.rules, self.entrants, lenient=self.query.lenient)

    @cached_property
    def rows(self) -> Bools:
        """Whether each row of the cube stays, by every condition on models."""
        return self.models.rows & self.beyond_facets

    @cached_property
    def beyond_facets(self) -> Bools:
        """The rows that the conditions which are no facet leave: zero-shot, coverage, the query text."""
        left = np.ones(len(self.cube.rows), dtype=bool)
        if self.query.zero_shot is not ZeroShot.ALL:
            left &= self._zero_shot()
        if self.query.measured:
            left &= self.measured
        if self.query.complete:
            left &= self._complete()
        if self.query.best_variants:
            left &= self._best_variants()
        if self.query.text:
            left &= self._by_text()
        return left

    @cached_property
    def selected(self) -> Selection:
        """The cells that are left."""
        if not self.query.narrows_models:
            return self.selection
        return self.selection.only(self.rows[self.selection.cells.row])

    def ranks_without_types(self) -> dict[str, Ints]:
        """Task type -> the rank of each row of the cube without it."""
        cells, query = self.selected.cells, self.query
        return ranks_without_types(cells, self.cube.rules, self.entrants, method=query.method, lenient=query.lenient)

    def standing(self) -> Standing | None:
        query = self.query
        return stand(
            self.selected.cells,
            self.cube.rules,
            self.entrants,
            method=query.method,
            lenient=query.lenient,
            stratified=query.stratified,
        )

    @cached_property
    def task_codes(self) -> Ints:
        """The tasks that have a cell left."""
        return self.selection.cells.tasks

    @property
    def measured(self) -> Bools:
        """The rows whose model has a measured speed."""
        return np.array([facts.texts_per_second is not None for facts in self.facts], dtype=bool)

    def _zero_shot(self) -> Bools:
        names = {self.cube.tasks[code].name for code in self.task_codes}
        of_model = [zero_shot_percentage(seen, names) for seen in self.entrants.contaminated]
        least = 100 if self.query.zero_shot is ZeroShot.ONLY else 0
        return np.array([of is not None and of >= least for of in of_model], dtype=bool)[self.cube.model_of_row]

    def _complete(self) -> Bools:
        complete = np.zeros(len(self.cube.rows), dtype=bool)
        if self.everybody:
            complete[self.everybody.rows[~np.isnan(self.everybody.task_scores).any(axis=1)]] = True
        return complete

    @property
    def has_variants(self) -> bool:
        """Whether some model has several rows."""
        return len(self.cube.rows) > len(np.unique(self.cube.model_of_row))

    def _best_variants(self) -> Bools:
        """One row for each model: that with most tasks done, of several the one with the highest mean over them."""
        best = np.zeros(len(self.cube.rows), dtype=bool)
        if (summary := self.everybody) is None:
            return best
        done = (~np.isnan(summary.task_scores)).sum(axis=1)
        mean = mean_over_tasks(summary.task_scores, lenient=True, weights=self.cube.rules.weights_of(summary.tasks))
        model = self.cube.model_of_row[summary.rows]
        order = np.lexsort((summary.rows, -mean, -done, model))
        first = np.unique(model[order], return_index=True)[1]
        best[summary.rows[order[first]]] = True
        return best

    def fields(self) -> list[Field]:
        """What the query text can ask about on this board."""
        types = list(dict.fromkeys(task.type for task in self.cube.tasks))
        notes = {key.key: key.kind for key in annotation_keys()}
        return board_fields(types, [task.name for task in self.cube.tasks], notes, self.facts)

    def _by_text(self) -> Bools:
        predicate = compile_query(self.query.text, self.fields())
        notes = annotation_values()
        scores = self._scores_by_row()
        return np.array(
            [
                predicate(value_lookup(facts, row, scores.get(number, {}), notes.get(row.model_meta_id, {})))
                for number, (facts, row) in enumerate(zip(self.facts, self.cube.rows, strict=True))
            ],
            dtype=bool,
        )

    def _scores_by_row(self) -> dict[int, dict[str, Any]]:
        """For each row of the summary, what a query can ask of its standing; blank is None."""
        summary = self.everybody
        if summary is None:
            return {}
        names = [self.cube.tasks[code].name for code in summary.tasks]
        coverage = 100 * (~np.isnan(summary.task_scores)).mean(axis=1)
        by_name = {
            "rank": summary.rank,
            "zero_shot": summary.zero_shot,
            "coverage": coverage,
            "mean": next((values for values in summary.means.values() if values is not None), None),
            "mean_task": summary.means["mean_task"],
            "mean_type": summary.means["mean_task_type"],
            **summary.type_means,
            **dict(zip(names, summary.task_scores.T, strict=True)),
        }
        known = {name: values for name, values in by_name.items() if values is not None}
        return {
            int(row): {name: plain(values[place]) for name, values in known.items()}
            for place, row in enumerate(summary.rows)
        }


def plain(value: Any) -> Any:
    """Python's own values, with None for NaN."""
    if isinstance(value, np.ndarray):
        return [None if number != number else number for number in value.tolist()]
    if isinstance(value, np.generic):
        value = value.item()
    return None if value != value else value
