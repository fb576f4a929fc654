"""Every model's scores on a task, cell by cell: what stands behind the task score."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
from django.db.models import QuerySet

from leaderboard.aggregation import Floats, Ints
from leaderboard.cell_means import Cell
from leaderboard.memory import Kept
from leaderboard.models import CellSet, CurrentResult, Scope, Task
from leaderboard.selectors.languages import language_names
from leaderboard.selectors.versions import data_version

RowKey = tuple[int, str]
"""Model and experiment id: whose row it is."""

_KEPT_BYTES = 24 * 2**20


@dataclass(frozen=True)
class CellColumn:
    """A cell of the task; `languages` are the codes that results name for it."""

    split: str
    subset: str
    languages: tuple[str, ...]

    @property
    def key(self) -> str:
        return f"{self.split}/{self.subset}"


@dataclass(frozen=True)
class TaskCells:
    """`scores[row_of[key], i]` is the mean of a row's results on the i-th cell, NaN where it was not run."""

    columns: list[CellColumn]
    row_of: Mapping[RowKey, int]
    scores: Floats


_kept: Kept[TaskCells] = Kept(_KEPT_BYTES, lambda cells: cells.scores.nbytes + 200 * len(cells.columns))


def task_cells(task: Task, scope: Scope) -> TaskCells:
    """Kept in memory until the data change: a task may have hundreds of thousands of scores."""
    return _kept.get((task.pk, scope, data_version()), lambda: _task_cells(task, scope))


def _task_cells(task: Task, scope: Scope) -> TaskCells:
    rows = list(counting_results(task, scope, "result__cell_set_id", "result__main_scores"))
    cells = declared_cells(task)
    columns = _columns(task, {row[-2] for row in rows}, cells)
    place_of: dict[Cell | None, int] = {(column.split, column.subset): place for place, column in enumerate(columns)}
    places = {pk: np.array([place_of.get(cell, -1) for cell in of_set], dtype=np.intp) for pk, of_set in cells.items()}
    of_row = [(key, list(group)) for key, group in groupby(rows, lambda row: (row[0], row[1]))]
    scores = np.full((len(of_row), len(columns)), np.nan)
    for number, (_, results) in enumerate(of_row):
        scores[number] = _means(results, places, len(columns))
    return TaskCells(columns, {key: number for number, (key, _) in enumerate(of_row)}, scores)


def declared_cells(task: Task) -> dict[int, list[Cell | None]]:
    """Cell set -> its cells in order, None in place of one that the task does not declare."""
    cell_sets = CellSet.objects.filter(task=task).values_list("pk", "splits", "subsets")
    return {pk: task.declared(zip(splits, subsets, strict=True)) for pk, splits, subsets in cell_sets}


def counting_results(task: Task, scope: Scope, *fields: str) -> QuerySet[CurrentResult, Any]:
    """(model, experiment id, variant, *fields) of the results that count, row by row and part by part."""
    part = f"{scope}_part"
    return (
        CurrentResult.objects.filter(task=task, **{f"{part}__isnull": False})
        .order_by("variant__model_meta_id", "variant__experiment_id", "variant__experiment_name", part)
        .values_list("variant__model_meta_id", "variant__experiment_id", "variant_id", *fields)
    )


def _columns(task: Task, cell_set_ids: Collection[int], cells: Mapping[int, Sequence[Cell | None]]) -> list[CellColumn]:
    """The declared cells that somebody was run on, in the order of the task."""
    languages: dict[Cell, tuple[str, ...]] = {}
    for pk, of_set in CellSet.objects.filter(pk__in=cell_set_ids).values_list("pk", "languages"):
        for cell, codes in zip(cells[pk], of_set, strict=True):
            if cell is not None:
                languages.setdefault(cell, tuple(dict.fromkeys(codes)))
    split_place = {split: place for place, split in enumerate(task.eval_splits)}
    subset_place = {subset: place for place, subset in enumerate(task.hf_subsets)}
    ordered = sorted(languages, key=lambda cell: (split_place.get(cell[0], 0), subset_place.get(cell[1], 0), cell))
    return [CellColumn(*cell, languages[cell]) for cell in ordered]


def _means(results: Sequence[Any], places: Mapping[int, Ints], n_columns: int) -> Floats:
    """A row's scores: parts lie over each other, repeated cells and pooled variants are averaged."""
    sums, counts = np.zeros(n_columns), np.zeros(n_columns)
    for _, parts in groupby(results, lambda row: row[2]):
        taken = np.zeros(n_columns, dtype=bool)
        for *_, cell_set_id, main_scores in parts:
            column, score = places[cell_set_id], np.array(main_scores, dtype=np.float64)
            counted = (column >= 0) & ~np.isnan(score)
            counted &= ~taken[column]
            np.add.at(sums, column[counted], score[counted])
            np.add.at(counts, column[counted], 1)
            taken[column[counted]] = True
    return np.divide(sums, counts, out=np.full(n_columns, np.nan), where=counts > 0)


def named_columns(cells: TaskCells, words: str, split: str) -> Iterator[int]:
    """The columns of a split whose subset, language codes or language names hold the words."""
    names = language_names()
    wanted = words.casefold()
    for place, column in enumerate(cells.columns):
        texts = (column.subset, *column.languages, *(names.get(code, code) for code in column.languages))
        if (not split or column.split == split) and any(wanted in text.casefold() for text in texts):
            yield place
