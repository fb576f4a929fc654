"""Which cells and rows of a cube a query leaves, and what each facet has to offer.

Facts of models are looked up by attribute, so that any object with the fields of `selectors.model_facts.ModelFacts`
serves.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from leaderboard.aggregation import Bools
from leaderboard.board_query import MODEL_FACETS, RANGES, TASK_FACETS, UNKNOWN, BoardQuery
from leaderboard.cube import Cube, CubeRow, CubeTask
from leaderboard.languages import bare_code, split_code
from leaderboard.verification import Level, row_level


def _yes_no(value: bool | None, yes: str = "yes", no: str = "no") -> tuple[str]:
    return (UNKNOWN if value is None else yes if value else no,)


def _known(values: Iterable[str] | None) -> tuple[str, ...]:
    return tuple(values or ()) or (UNKNOWN,)


def verified(facts: Any, row: CubeRow) -> Level:
    """How far the row is verified, from the sources behind it and the reruns of its model."""
    return row_level(row.origins, facts.reruns.get(row.experiment_id))


def _model_values(name: str, facts: Any, row: CubeRow) -> tuple[str, ...]:
    return (verified(facts, row),) if name == "verified" else FACT_VALUES[name](facts)


TASK_VALUES: Mapping[str, Callable[[CubeTask], tuple[str, ...]]] = {
    "type": lambda task: (task.type,),
    "subtype": lambda task: tuple(task.subtypes),
    "domain": lambda task: tuple(task.domains),
    "modality": lambda task: tuple(task.modalities),
    "access": lambda task: ("public" if task.is_public else "private",),
    "task": lambda task: (task.name,),
}
# Of the languages of a cell.
LANGUAGE_VALUES: Mapping[str, Callable[[tuple[str, ...]], tuple[str, ...]]] = {
    "lang": lambda codes: codes,
    "script": lambda codes: tuple(split_code(code)[1] for code in codes),
}
FACT_VALUES: Mapping[str, Callable[[Any], tuple[str, ...]]] = {
    "weights": lambda facts: _yes_no(facts.open_weights, "open", "proprietary"),
    "license": lambda facts: (facts.spdx_license or facts.license or UNKNOWN,),
    "commercial": lambda facts: _yes_no(facts.commercial_use),
    "model_type": lambda facts: _known(facts.model_type),
    "framework": lambda facts: _known(facts.framework),
    "instructions": lambda facts: _yes_no(facts.use_instructions),
    "arch": lambda facts: (facts.architecture or UNKNOWN,),
    "approach": lambda facts: _known(facts.training_approach),
    "speaks": lambda facts: _known(facts.languages),
    "org": lambda facts: (facts.organisation or UNKNOWN,),
}
RANGE_VALUES: Mapping[str, str] = {
    "size": "n_parameters",
    "dim": "embed_dim",
    "tokens": "max_tokens",
    "released": "release_date",
}


def _matches(value: str, chosen: frozenset[str]) -> bool:
    """A language without its script stands for it in every script; names are compared without case."""
    return value.lower() in chosen or bare_code(value).lower() in chosen


def _admits(values: Iterable[str], chosen: frozenset[str], *, languages: bool) -> bool:
    if languages:
        return any(_matches(value, chosen) for value in values)
    return any(value.lower() in chosen for value in values)


_LANGUAGES = frozenset({"lang", "speaks"})


def _chosen(query: BoardQuery, name: str) -> frozenset[str]:
    return frozenset(value.lower() for value in query.choices.get(name, ()))


@dataclass(frozen=True)
class TaskSide:
    """For every kind of cell and task facet, whether the facet lets it in."""

    cube: Cube
    chosen: Mapping[str, frozenset[str]]
    admitted: Mapping[str, Bools]

    @property
    def kinds(self) -> Bools:
        return _all(self.admitted.values(), len(self.cube.kinds))

    def declared(self) -> list[CubeTask]:
        """The tasks that the facets let in, run by anybody or not; by their languages only those that were run."""
        run = set(np.unique(self.cube.task_of_kind[self.kinds]).tolist())
        by_cells = any(name in LANGUAGE_VALUES for name in self.admitted)
        chosen = {name: self.chosen[name] for name in self.admitted if name in TASK_VALUES}
        return [
            task
            for code, task in enumerate(self.cube.tasks)
            if (code in run or not by_cells)
            and all(_admits(TASK_VALUES[name](task), of, languages=False) for name, of in chosen.items())
        ]

    def counts(self, name: str) -> Counter[str]:
        """Tasks by value of a facet, among what the other facets let in."""
        others = _all((mask for of, mask in self.admitted.items() if of != name), len(self.cube.kinds))
        if name in TASK_VALUES:
            tasks = np.unique(self.cube.task_of_kind[others])
            return Counter(value for task in tasks for value in TASK_VALUES[name](self.cube.tasks[task]))
        lists, list_of_kind = self.cube.language_lists
        kinds = np.flatnonzero(others)
        seen = np.unique(self.cube.task_of_kind[kinds] * len(lists) + list_of_kind[kinds])
        pairs = {
            (number // len(lists), value)
            for number in seen.tolist()
            for value in LANGUAGE_VALUES[name](lists[number % len(lists)])
        }
        return Counter(value for _, value in pairs)


def task_side(cube: Cube, query: BoardQuery) -> TaskSide:
    admitted: dict[str, Bools] = {}
    every = {name: _chosen(query, name) for name in TASK_FACETS if name in query.choices}
    for name, chosen in every.items():
        if name in TASK_VALUES:
            by_task = [_admits(TASK_VALUES[name](task), chosen, languages=False) for task in cube.tasks]
            admitted[name] = np.array(by_task, dtype=bool)[cube.task_of_kind]
        else:
            lists, list_of_kind = cube.language_lists
            value_of = LANGUAGE_VALUES[name]
            codes = {
                code for code in cube.languages if _admits(value_of((code,)), chosen, languages=name in _LANGUAGES)
            }
            admitted[name] = np.array([not codes.isdisjoint(of) for of in lists], dtype=bool)[list_of_kind]
    return TaskSide(cube, every, admitted)


@dataclass(frozen=True)
class ModelSide:
    """For every row and model facet, whether the facet lets it in; `facts` are aligned with the rows."""

    cube: Cube
    facts: Sequence[Any]
    admitted: Mapping[str, Bools]

    @property
    def rows(self) -> Bools:
        return _all(self.admitted.values(), len(self.cube.rows))

    def counts(self, name: str, among: Bools) -> Counter[str]:
        """Rows by value of a facet, among those that the other facets let in."""
        others = among & _all((mask for of, mask in self.admitted.items() if of != name), len(self.cube.rows))
        places = np.flatnonzero(others).tolist()
        return Counter(value for i in places for value in _model_values(name, self.facts[i], self.cube.rows[i]))

    def n_unknown(self, name: str, among: Bools) -> int:
        """Rows without a value in a range."""
        others = among & _all((mask for of, mask in self.admitted.items() if of != name), len(self.cube.rows))
        return sum(getattr(self.facts[i], RANGE_VALUES[name]) is None for i in np.flatnonzero(others).tolist())


def model_side(cube: Cube, facts: Sequence[Any], query: BoardQuery) -> ModelSide:
    admitted: dict[str, Bools] = {}
    for name in MODEL_FACETS:
        chosen = _chosen(query, name)
        if chosen:
            admitted[name] = np.array(
                [
                    _admits(_model_values(name, of, row), chosen, languages=name in _LANGUAGES)
                    for of, row in zip(facts, cube.rows, strict=True)
                ],
                dtype=bool,
            )
    for name in RANGES:
        if name in query.ranges:
            within = query.ranges[name].admits
            admitted[name] = np.array([within(getattr(of, RANGE_VALUES[name])) for of in facts], dtype=bool)
    return ModelSide(cube, facts, admitted)


def _all(masks: Iterable[Bools], length: int) -> Bools:
    together = np.ones(length, dtype=bool)
    for mask in masks:
        together &= mask
    return together
