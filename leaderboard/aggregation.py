"""From cells to task scores to means: the arithmetic of a board, on arrays.

A missing or blank number is NaN throughout. Sums run in the order of the cells, in float64 and one by one, because
ranks compare means exactly: numpy's pairwise sum, SQL's avg or another order would move models that mteb ties.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Cells:
    """The cells that a board counts, in order: parallel arrays of length n, and how many of each thing there are.

    `row` is a (model, variant) pair, `model` the model it belongs to; `split` and `subset` are codes shared by all tasks.
    """

    row: Ints
    model: Ints
    task: Ints
    split: Ints
    subset: Ints
    score: Floats
    n_rows: int
    n_models: int
    n_tasks: int

    def only(self, mask: Bools) -> Cells:
        """The cells where `mask` is true; codes keep their meaning."""
        return Cells(
            self.row[mask],
            self.model[mask],
            self.task[mask],
            self.split[mask],
            self.subset[mask],
            self.score[mask],
            self.n_rows,
            self.n_models,
            self.n_tasks,
        )

    @property
    def scored(self) -> Bools:
        return ~np.isnan(self.score)


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
    scored = cells.only(cells.scored)
    n_tasks = cells.n_tasks
    required = _distinct_per_key(scored.task, scored.subset, n_tasks) * _distinct_per_key(
        scored.task, scored.split, n_tasks
    )
    cell = scored.subset * (scored.split.max(initial=0) + 1) + scored.split
    have = _distinct_per_key(scored.row * n_tasks + scored.task, cell, cells.n_rows * n_tasks)
    return have.reshape(cells.n_rows, n_tasks) < required


def strict_task_scores(cells: Cells) -> Floats:
    """(rows, tasks): task scores, blank where the row is incomplete on the task."""
    return np.where(incomplete(cells), np.nan, task_scores(cells))


def strict_mean(columns: Floats) -> Floats:
    """(n, k) -> (n,): mean over the columns, left to right; blank if any column is blank or there is none."""
    n, k = columns.shape
    if k == 0:
        return np.full(n, np.nan)
    total = np.zeros(n)
    for column in columns.T:
        total = total + column
    return total / k


@dataclass(frozen=True, slots=True)
class SubsetScores:
    """Scores per (task, subset) pair that occurs.

    `by_row` is (rows, pairs), blank where a split is missing; `present` says where the row has any cell of the pair, even an
    unscored one.
    """

    by_row: Floats
    present: Bools


def subset_scores(cells: Cells) -> SubsetScores:
    """Mean over splits for each (row, task, subset); blank where the row lacks a split that the task was run on."""
    n_subsets = int(cells.subset.max(initial=0)) + 1
    pairs, pair = np.unique(cells.task * n_subsets + cells.subset, return_inverse=True)
    size = cells.n_rows * len(pairs)
    keys = cells.row * len(pairs) + pair
    means = ordered_means(keys, cells.score, size).reshape(cells.n_rows, len(pairs))
    scored = cells.scored
    required = _distinct_per_key(cells.task[scored], cells.split[scored], cells.n_tasks)[pairs // n_subsets]
    have = _distinct_per_key(keys[scored], cells.split[scored], size).reshape(means.shape)
    present = np.bincount(keys, minlength=size).reshape(means.shape) > 0
    return SubsetScores(by_row=np.where(have < required, np.nan, means), present=present)


def mean_over_present(scores: SubsetScores) -> Floats:
    """(rows,): mean over the pairs that the row has; blank if one of them is blank or it has none."""
    totals = np.where(scores.present, scores.by_row, 0.0).sum(axis=1)
    counts = scores.present.sum(axis=1)
    means = np.full(len(totals), np.nan)
    np.divide(totals, counts, out=means, where=counts > 0)
    return means


def pooled(values: Floats, model_of_row: Ints, n_models: int) -> Floats:
    """(rows, k) -> (models, k): mean over the rows of each model, blanks left out."""
    n_rows, k = values.shape
    keys = (model_of_row[:, None] * k + np.arange(k)).ravel()
    return ordered_means(keys, values.ravel(), n_models * k).reshape(n_models, k)


def _distinct_per_key(keys: Ints, values: Ints, size: int) -> Ints:
    """For each key 0..size-1: how many different values occur with it."""
    width = int(values.max(initial=0)) + 1
    distinct = np.unique(keys * width + values)
    return np.bincount(distinct // width, minlength=size)
