"""From cells to task scores to means: the arithmetic of a board, on arrays.

A missing or blank number is NaN throughout. Sums run in the order of the cells, in float64 and one by one, because
ranks compare means exactly: numpy's pairwise sum, SQL's avg or another order would move models that mteb ties.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]
Bools = npt.NDArray[np.bool_]

BLOCK = 2**17
"""Cells at a time, so that what is made of them stays in the processor's caches."""


Block = tuple[Ints, Ints, Floats]
"""Row, triple and score of some cells."""


class CellSource(Protocol):
    """Where cells come from: all at once, or block by block in the same order."""

    def arrays(self) -> Block: ...
    def blocks(self) -> Iterator[Block]: ...


class CellArrays(NamedTuple):
    """Cells in arrays with one entry for each."""

    row: Ints
    triple: Ints
    score: Floats

    def arrays(self) -> Block:
        return self

    def blocks(self) -> Iterator[Block]:
        for start in range(0, len(self.score), BLOCK):
            part = slice(start, start + BLOCK)
            yield self.row[part], self.triple[part], self.score[part]


@dataclass(frozen=True)
class Cells:
    """The cells that a board counts: which row scored what, in order.

    A row is a (model, variant) pair of the model `model_of_row[row]`. A triple is a (task, split, subset), coded by its
    place in `task_of`, `split_of` and `subset_of`. `repeating_rows` are the rows that may have a triple twice: all of
    them where it is None. `row`, `triple` and `score` have one entry per cell; what most boards ask for is in `survey`,
    which does without them.
    """

    source: CellSource
    model_of_row: Ints
    task_of: Ints
    split_of: Ints
    subset_of: Ints
    n_models: int
    n_tasks: int
    repeating_rows: Ints | None = None

    @cached_property
    def _arrays(self) -> Block:
        return self.source.arrays()

    @property
    def row(self) -> Ints:
        return self._arrays[0]

    @property
    def triple(self) -> Ints:
        return self._arrays[1]

    @property
    def score(self) -> Floats:
        return self._arrays[2]

    def only(self, mask: Bools) -> Cells:
        """The cells where `mask` is true; codes keep their meaning."""
        return replace(self, source=CellArrays(self.row[mask], self.triple[mask], self.score[mask]))

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
    def survey(self) -> Survey:
        """Gathered block by block: arrays of millions of cells would cost more to allocate than to fill."""
        n_triples = len(self.task_of)
        totals, counts = np.zeros(self.n_rows * self.n_tasks), np.zeros(self.n_rows * self.n_tasks, dtype=np.intp)
        of_row, of_triple = np.zeros(self.n_rows, dtype=np.intp), np.zeros(n_triples, dtype=np.intp)
        scored_of_triple = np.zeros(n_triples, dtype=np.intp)
        may_repeat = np.full(self.n_rows, self.repeating_rows is None)
        may_repeat[self.repeating_rows] = True
        suspects = [np.zeros(0, dtype=np.intp)]
        for row, triple, score in self.source.blocks():
            of_row += np.bincount(row, minlength=self.n_rows)
            of_triple += np.bincount(triple, minlength=n_triples)
            scored = ~np.isnan(score)
            if not scored.all():
                row, triple, score = row[scored], triple[scored], score[scored]
            scored_of_triple += np.bincount(triple, minlength=n_triples)
            keys = row * np.intp(self.n_tasks) + self.task_of[triple]
            np.add.at(totals, keys, score)
            np.add.at(counts, keys, 1)
            suspect = may_repeat[row]
            suspects.append(row[suspect] * np.intp(n_triples) + triple[suspect])
        cells = np.sort(np.concatenate(suspects))
        repeats = cells[1:][cells[1:] == cells[:-1]]
        return Survey(
            by_task=Tally(totals, counts),
            rows=of_row > 0,
            triples=of_triple > 0,
            scored_triples=scored_of_triple > 0,
            repeats=np.divmod(repeats, n_triples),
        )

    @property
    def entered(self) -> Bools:
        """(models,): whether the model has any cell, scored or not."""
        found = np.zeros(self.n_models, dtype=bool)
        found[self.model_of_row[self.survey.rows]] = True
        return found

    @property
    def tasks(self) -> Ints:
        """The tasks that have a cell, in order."""
        return np.unique(self.task_of[self.survey.triples])


class Survey(NamedTuple):
    """What the rules ask of cells.

    `by_task` is by the key row * n_tasks + task. `rows` and `triples` say which have a cell, `scored_triples` which
    have a score. `repeats` are the rows and triples of scored cells whose row has a score for the same triple before
    them: some files list a subset twice.
    """

    by_task: Tally
    rows: Bools
    triples: Bools
    scored_triples: Bools
    repeats: tuple[Ints, Ints]


class Tally(NamedTuple):
    """By key: the sum of its scores in their order, and how many there are; NaN scores are left out."""

    totals: Floats
    counts: Ints

    @property
    def means(self) -> Floats:
        """NaN where there is no score."""
        means = np.full(len(self.totals), np.nan)
        np.divide(self.totals, self.counts, out=means, where=self.counts > 0)
        return means


def tally(keys: Ints, scores: Floats, size: int) -> Tally:
    """The scores under each key 0..size-1."""
    scored = ~np.isnan(scores)
    if not scored.all():
        keys, scores = keys[scored], scores[scored]
    totals = np.asarray(np.bincount(keys, weights=scores, minlength=size), dtype=np.float64)
    return Tally(totals, np.bincount(keys, minlength=size))


def ordered_means(keys: Ints, scores: Floats, size: int) -> Floats:
    """Mean of the scores under each key 0..size-1, summed in their order; NaN scores are left out, empty keys NaN."""
    return tally(keys, scores, size).means


def task_scores(cells: Cells) -> Floats:
    """(rows, tasks): flat mean over the row's cells of the task, complete or not."""
    return cells.survey.by_task.means.reshape(cells.n_rows, cells.n_tasks)


def model_task_scores(cells: Cells) -> Floats:
    """(models, tasks): as `task_scores`, the variants of a model pooled."""
    of_rows = task_scores(cells)
    pooled = np.full((cells.n_models, cells.n_tasks), np.nan)
    pooled[cells.model_of_row] = of_rows
    has_variants = np.bincount(cells.model_of_row, minlength=cells.n_models) > 1
    if has_variants.any():
        some = cells.only(has_variants[cells.model_of_row][cells.row])
        keys = some.model * cells.n_tasks + some.task
        means = ordered_means(keys, some.score, pooled.size).reshape(pooled.shape)
        pooled[has_variants] = means[has_variants]
    return pooled


def incomplete(cells: Cells) -> Bools:
    """(rows, tasks): whether a row lacks some cell that any row has, over the product of splits and subsets seen."""
    seen = cells.survey.scored_triples
    task = cells.task_of[seen]
    required = _distinct_per_key(task, cells.subset_of[seen], cells.n_tasks) * _distinct_per_key(
        task, cells.split_of[seen], cells.n_tasks
    )
    row, triple = cells.survey.repeats
    again = row * cells.n_tasks + cells.task_of[triple]
    have = cells.survey.by_task.counts - np.bincount(again, minlength=cells.n_rows * cells.n_tasks)
    return have.reshape(cells.n_rows, cells.n_tasks) < required


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
    scores = tally(keys, cells.score, cells.n_rows * len(pairs))
    seen = cells.survey.scored_triples
    task, split = cells.task_of[seen], cells.split_of[seen]
    required = _distinct_per_key(task, split, cells.n_tasks)[pairs // n_subsets]
    row, triple = cells.survey.repeats
    again = np.bincount(row * len(pairs) + pair_of[triple], minlength=len(scores.counts))
    have = (scores.counts - again).reshape(shape)
    present = np.bincount(keys, minlength=len(scores.counts)).reshape(shape) > 0
    return SubsetScores(np.where(have < required, np.nan, scores.means.reshape(shape)), present, pairs // n_subsets)


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
