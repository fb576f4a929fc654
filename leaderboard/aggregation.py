"""From cells to task scores to means: the arithmetic of a board, on arrays.

A missing or blank number is NaN throughout. Sums run in the order of the cells, in float64 and one by one, because
ranks compare means exactly: numpy's pairwise sum, SQL's avg or another order would move models that mteb ties.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Cells:
    """The cells that a board counts: which row scored what, in order.

    `row`, `triple` and `score` have one entry per cell. A row is a (model, variant) pair of the model
    `model_of_row[row]`. A triple is a (task, split, subset), coded by its place in `task_of`, `split_of` and
    `subset_of`.
    """

    row: Ints
    triple: Ints
    score: Floats
    model_of_row: Ints
    task_of: Ints
    split_of: Ints
    subset_of: Ints
    n_models: int
    n_tasks: int

    def only(self, mask: Bools) -> Cells:
        """The cells where `mask` is true; codes keep their meaning."""
        return replace(self, row=self.row[mask], triple=self.triple[mask], score=self.score[mask])

    def of_triples(self, wanted: Bools) -> Cells:
        """The cells of the triples that are `wanted`."""
        return self.only(wanted[self.triple])

    @property
    def n_rows(self) -> int:
        return len(self.model_of_row)

    @cached_property
    def task(self) -> Ints:
        return self.task_of[self.triple]

    @cached_property
    def model(self) -> Ints:
        return self.model_of_row[self.row]

    @cached_property
    def scored(self) -> Bools:
        return ~np.isnan(self.score)

    @cached_property
    def has(self) -> Bools:
        """(rows, triples): whether the row has a score for the triple."""
        grid = np.zeros((self.n_rows, len(self.task_of)), dtype=bool)
        grid[self.row[self.scored], self.triple[self.scored]] = True
        return grid


def ordered_means(keys: Ints, scores: Floats, size: int) -> Floats:
    """Mean of the scores under each key 0..size-1, summed in their order; NaN scores are left out, empty keys NaN."""
    scored = ~np.isnan(scores)
    totals = np.bincount(keys[scored], weights=scores[scored], minlength=size)
    counts = np.bincount(keys[scored], minlength=size)
    means = np.full(size, np.nan)
    np.divide(totals, counts, out=means, where=counts > 0)
    return means


def task_scores(cells: Cells) -> Floats:
    """(rows, tasks): flat mean over the row's cells of the task, complete or not."""
    keys = cells.row * cells.n_tasks + cells.task
    return ordered_means(keys, cells.score, cells.n_rows * cells.n_tasks).reshape(cells.n_rows, cells.n_tasks)


def model_task_scores(cells: Cells) -> Floats:
    """(models, tasks): as `task_scores`, the variants of a model pooled."""
    keys = cells.model * cells.n_tasks + cells.task
    return ordered_means(keys, cells.score, cells.n_models * cells.n_tasks).reshape(cells.n_models, cells.n_tasks)


def incomplete(cells: Cells) -> Bools:
    """(rows, tasks): whether a row lacks some cell that any row has, over the product of splits and subsets seen."""
    seen = cells.has.any(axis=0)
    task = cells.task_of[seen]
    required = _distinct_per_key(task, cells.subset_of[seen], cells.n_tasks) * _distinct_per_key(
        task, cells.split_of[seen], cells.n_tasks
    )
    have = _sum_by_key(cells.has, cells.task_of, cells.n_tasks)
    return have < required


def strict_task_scores(cells: Cells) -> Floats:
    """(rows, tasks): task scores, blank where the row is incomplete on the task."""
    return np.where(incomplete(cells), np.nan, task_scores(cells))


def strict_mean(columns: Floats, weights: Ints | None = None) -> Floats:
    """(n, k) -> (n,): mean over the columns, left to right; blank if any column is blank or there is none.

    A column may count several times (`weights`).
    """
    n, k = columns.shape
    if k == 0:
        return np.full(n, np.nan)
    counts = np.ones(k, dtype=np.intp) if weights is None else weights
    total = np.zeros(n)
    for column, count in zip(columns.T, counts, strict=True):
        total = total + count * column
    return total / counts.sum()


def lenient_mean(columns: Floats, weights: Ints | None = None) -> Floats:
    """As `strict_mean`, over the columns that are not blank; blank if all are."""
    n, k = columns.shape
    counts = np.ones(k, dtype=np.intp) if weights is None else weights
    known = ~np.isnan(columns)
    total = np.zeros(n)
    for column, count in zip(np.where(known, columns, 0.0).T, counts, strict=True):
        total = total + count * column
    means = np.full(n, np.nan)
    np.divide(total, known @ counts, out=means, where=known.any(axis=1))
    return means


@dataclass(frozen=True, slots=True)
class SubsetScores:
    """Scores per (task, subset) pair that occurs.

    `by_row` is (rows, pairs), blank where a split is missing; `present` says where the row has any cell of the pair,
    even an unscored one; `task` is the task of each pair.
    """

    by_row: Floats
    present: Bools
    task: Ints


def subset_scores(cells: Cells) -> SubsetScores:
    """Mean over splits for each (row, task, subset); blank where the row lacks a split that the task was run on."""
    n_subsets = int(cells.subset_of.max(initial=0)) + 1
    occurring = np.bincount(cells.triple, minlength=len(cells.task_of)) > 0
    pairs = np.unique((cells.task_of * n_subsets + cells.subset_of)[occurring])
    pair_of = np.searchsorted(pairs, cells.task_of * n_subsets + cells.subset_of)
    pair_of[pair_of == len(pairs)] = 0
    keys = cells.row * len(pairs) + pair_of[cells.triple]
    shape = cells.n_rows, len(pairs)
    means = ordered_means(keys, cells.score, cells.n_rows * len(pairs)).reshape(shape)
    seen = cells.has.any(axis=0)
    required = _distinct_per_key(cells.task_of[seen], cells.split_of[seen], cells.n_tasks)[pairs // n_subsets]
    have = _sum_by_key(cells.has[:, occurring], pair_of[occurring], len(pairs))
    present = np.bincount(keys, minlength=cells.n_rows * len(pairs)).reshape(shape) > 0
    return SubsetScores(np.where(have < required, np.nan, means), present, pairs // n_subsets)


def mean_over_present(scores: SubsetScores) -> Floats:
    """(rows,): mean over the pairs that the row has; blank if one of them is blank or it has none."""
    totals = np.where(scores.present, scores.by_row, 0.0).sum(axis=1)
    counts = scores.present.sum(axis=1)
    means = np.full(len(totals), np.nan)
    np.divide(totals, counts, out=means, where=counts > 0)
    return means


def pooled(values: Floats, model_of_row: Ints, n_models: int) -> Floats:
    """(rows, k) -> (models, k): mean over the rows of each model, blanks left out."""
    k = values.shape[1]
    keys = (model_of_row[:, None] * k + np.arange(k)).ravel()
    return ordered_means(keys, values.ravel(), n_models * k).reshape(n_models, k)


def _distinct_per_key(keys: Ints, values: Ints, size: int) -> Ints:
    """For each key 0..size-1: how many different values occur with it."""
    width = int(values.max(initial=0)) + 1
    distinct = np.unique(keys * width + values)
    return np.bincount(distinct // width, minlength=size)


def _sum_by_key(grid: Bools, key_of: Ints, size: int) -> Ints:
    """(rows, columns) -> (rows, size): how many true columns there are under each key."""
    order = np.argsort(key_of, kind="stable")
    keys, starts = np.unique(key_of[order], return_index=True)
    sums = np.zeros((len(grid), size), dtype=np.intp)
    if len(keys):
        sums[:, keys] = np.add.reduceat(grid[:, order], starts, axis=1, dtype=np.intp)
    return sums
