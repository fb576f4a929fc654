"""What models have on the cells of a task that name a language or a script.

A cell is a (split, subset) pair and names languages as `eng-Latn`. It counts under three codes: the language with its
script, the language without it (`eng`), and the script (`Latn`).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from leaderboard.aggregation import Floats, Ints, ordered_means
from leaderboard.cell_means import Cell, whole_task
from leaderboard.languages import bare_code, split_code

_CODE = re.compile(r"[A-Za-z0-9+#]{1,20}-[A-Z][A-Za-z]{3}")


@dataclass(frozen=True)
class NamedCells:
    """The cells of a result in the order of its file, and under each code the places of those that count under it."""

    cells: Sequence[Cell]
    places: Mapping[str, list[int]]
    declared: frozenset[int]


def named_cells(cells: Sequence[Cell | None], languages: Sequence[Iterable[str]]) -> NamedCells:
    """None stands for a cell that its task does not declare; it counts under no code."""
    places: dict[str, list[int]] = defaultdict(list)
    for place, (cell, named) in enumerate(zip(cells, languages, strict=True)):
        if cell is not None:
            for code in codes_of(tuple(named)):
                places[code].append(place)
    declared = frozenset(place for place, cell in enumerate(cells) if cell is not None)
    return NamedCells([cell or ("", "") for cell in cells], dict(places), declared)


@lru_cache(maxsize=10_000)
def codes_of(languages: tuple[str, ...]) -> frozenset[str]:
    """Every code under which a cell of these languages counts; what is no code of mteb's form is left out."""
    codes = {code for name in languages if _CODE.fullmatch(code := name.replace("_", "-"))}
    return frozenset(part for code in codes for part in (code, bare_code(code), split_code(code)[1]))


class Runs(NamedTuple):
    """Results over one list of cells: `scores` is (results, cells), NaN where missing, `models` says whose they are.

    A model may have several: their cells then count together.
    """

    models: Ints
    cells: NamedCells
    scores: Floats


def whole_codes(lists: Iterable[NamedCells]) -> tuple[set[str], set[str]]:
    """(codes under which every declared cell of a task counts, codes under which only some do).

    A language without script is neither where the task has it in a single one: it would say the same twice.
    """
    everywhere: set[str] | None = None
    anywhere: set[str] = set()
    for cells in lists:
        if cells.declared:
            here = {code for code, places in cells.places.items() if len(places) == len(cells.declared)}
            everywhere = here if everywhere is None else everywhere & here
            anywhere |= set(cells.places)
    n_scripts: dict[str, int] = defaultdict(int)
    for code in anywhere:
        n_scripts[bare_code(code)] += "-" in code
    same = {code for code in anywhere if "-" not in code and n_scripts[code] == 1}
    whole = (everywhere or set()) - same
    return whole, anywhere - same - whole


def scores_under(codes: Iterable[str], runs: Sequence[Runs]) -> Iterator[tuple[str, dict[int, float]]]:
    """For each code: model -> mean of its cells under the code, for the models that are complete.

    Complete is a model that has a score for every split x subset that any model has one for.
    """
    cell_of: dict[Cell, int] = {}
    numbers = [np.array([cell_of.setdefault(cell, len(cell_of)) for cell in of.cells.cells]) for of in runs]
    cells = list(cell_of)
    for code in codes:
        rows, columns, scores = [], [], []
        for (models, named, block), number in zip(runs, numbers, strict=True):
            places = named.places.get(code)
            if places:
                rows.append(models.repeat(len(places)))
                columns.append(number[places][None].repeat(len(models), axis=0).ravel())
                scores.append(block[:, places].ravel())
        if rows:
            yield code, _complete_means(np.concatenate(rows), np.concatenate(columns), np.concatenate(scores), cells)


def _complete_means(model: Ints, column: Ints, score: Floats, cells: Sequence[Cell]) -> dict[int, float]:
    """Model -> mean, from one entry per cell; `column` says which of the `cells` it is."""
    models, row = np.unique(model, return_inverse=True)
    columns, cell = np.unique(column, return_inverse=True)
    scored = ~np.isnan(score)
    has = np.zeros((len(models), len(columns)), dtype=bool)
    has[row[scored], cell[scored]] = True
    required = whole_task(cells[number] for number in columns[has.any(axis=0)])
    complete = has.any(axis=1) & (has.sum(axis=1) >= required)
    means = ordered_means(row, score, len(models))
    return dict(zip(models[complete].tolist(), means[complete].tolist(), strict=True))
