"""Ranking models over tasks that no benchmark picked: all tasks in a language, all tasks of a type.

Such a pool is full of gaps: some tasks nearly every model ran, others a handful did. Points for every task would rank
models by how many tasks they were run on, so only widely run tasks count, and models are compared where both have a
score. Blank is NaN.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from leaderboard.aggregation import Bools, Floats, Ints
from leaderboard.ranking import average_ranks, min_ranks


class PoolTask(NamedTuple):
    """A task of a pool: the models with a complete score on it, and these scores."""

    task_id: int
    model_meta_ids: Sequence[int]
    scores: Sequence[float]


@dataclass(frozen=True, slots=True)
class Pool:
    """`scores` is (models, tasks); models stand in the order of their ids."""

    task_ids: list[int]
    model_meta_ids: list[int]
    scores: Floats

    def only(self, models: Container[int]) -> Pool:
        """The pool without other models."""
        kept = [row for row, model in enumerate(self.model_meta_ids) if model in models]
        return Pool(self.task_ids, [self.model_meta_ids[row] for row in kept], self.scores[kept])


def pool_of(tasks: Iterable[PoolTask]) -> Pool:
    tasks = list(tasks)
    ids = [np.asarray(task.model_meta_ids, dtype=np.intp) for task in tasks]
    models = np.unique(np.concatenate([np.zeros(0, dtype=np.intp), *ids]))
    scores = np.full((len(models), len(tasks)), np.nan)
    for column, task in enumerate(tasks):
        scores[np.searchsorted(models, task.model_meta_ids), column] = task.scores
    return Pool([task.task_id for task in tasks], models.tolist(), scores)


@dataclass(frozen=True, slots=True)
class PoolRanking:
    """`counted` says which tasks count; everything else is by model.

    `done` counts the counted tasks with a score. A model without half of them is not `ranked`: its ranks are 0, and
    its win rate would rest on too little. `mean` is over the counted tasks that are done.
    """

    counted: Bools
    done: Ints
    ranked: Bools
    win_rate: Floats
    rank: Ints
    borda_rank: Ints
    mean: Floats


def rank_pool(scores: Floats) -> PoolRanking:
    """The ranking of a (models, tasks) array.

    A task counts that at least half as many models were run on as on the most-run one. The win rate is the share of
    comparisons won, ties half, with every other model on every counted task that both have.
    """
    known = ~np.isnan(scores)
    counted = widely_run(known)
    votes = scores[:, counted]
    done = known[:, counted].sum(axis=1)
    ranked = (done > 0) & (2 * done >= counted.sum())
    places = np.column_stack([average_ranks(vote) for vote in votes.T]) if votes.size else votes
    win_rate = win_rates(places)
    return PoolRanking(
        counted=counted,
        done=done,
        ranked=ranked,
        win_rate=win_rate,
        rank=_ranks(np.nan_to_num(win_rate), ranked),
        borda_rank=_ranks(np.nan_to_num(len(places) - places).sum(axis=1), ranked),
        mean=row_means(votes),
    )


def widely_run(known: Bools) -> Bools:
    """(models, tasks) -> (tasks,): which tasks were run on at least half as many models as the most-run one."""
    n_models = known.sum(axis=0)
    return (n_models > 0) & (2 * n_models >= n_models.max(initial=0))


def win_rates(places: Floats) -> Floats:
    """(models, tasks) average ranks -> (models,) share of comparisons won; NaN for a model without any comparison."""
    entrants = (~np.isnan(places)).sum(axis=0)
    wins = np.nan_to_num(entrants - places).sum(axis=1)
    comparisons = np.where(np.isnan(places), 0, entrants - 1).sum(axis=1)
    rates = np.full(len(places), np.nan)
    np.divide(wins, comparisons, out=rates, where=comparisons > 0)
    return rates


def row_means(scores: Floats) -> Floats:
    """The mean of each row's known entries; NaN for a row without any."""
    known = ~np.isnan(scores)
    means = np.full(len(scores), np.nan)
    np.divide(np.where(known, scores, 0.0).sum(axis=1), known.sum(axis=1), out=means, where=known.any(axis=1))
    return means


def _ranks(values: Floats, ranked: Bools) -> Ints:
    ranks = np.zeros(len(values), dtype=np.intp)
    ranks[ranked] = min_ranks(values[ranked])
    return ranks
