"""Ways to rank a board other than the official one.

Each is a number per row, the higher the better, over a (rows, tasks) matrix of task scores. Blank is NaN, and a row
that a method says nothing about has NaN. A task may count several times (`weights`).
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import numpy as np

from leaderboard.aggregation import Bools, Floats, Ints, lenient_mean, strict_mean
from leaderboard.ranking import average_ranks, min_ranks


class Method(StrEnum):
    """What a board's rank goes by."""

    OFFICIAL = "official"
    MEAN_TASK = "mean_task"
    MEAN_TASK_TYPE = "mean_task_type"
    WIN_RATE = "win_rate"
    COMPLETE = "complete"


def method_scores(
    method: Method,
    scores: Floats,
    task_types: Sequence[str],
    *,
    lenient: bool = False,
    weights: Ints | None = None,
) -> Floats:
    """(rows,): what the method ranks by. The official rule needs more than task scores, so it is refused.

    Only the two means know strict and lenient.
    """
    match method:
        case Method.MEAN_TASK:
            return mean_over_tasks(scores, lenient=lenient, weights=weights)
        case Method.MEAN_TASK_TYPE:
            return mean_over_types(scores, task_types, lenient=lenient, weights=weights)
        case Method.WIN_RATE:
            return win_rates(scores, weights)
        case Method.COMPLETE:
            return complete_points(scores, weights)
        case Method.OFFICIAL:
            raise ValueError("the official rank comes from leaderboard.ranking")


def ranks_by(values: Floats) -> Ints:
    """1 for the highest value, ties share the best number; 0, which is no rank, where the value is NaN."""
    ranks = np.zeros(len(values), dtype=np.intp)
    known = ~np.isnan(values)
    ranks[known] = min_ranks(values[known])
    return ranks


def mean_over_tasks(scores: Floats, *, lenient: bool = False, weights: Ints | None = None) -> Floats:
    """(rows,): blank if any task is blank; lenient: the mean of the others."""
    return (lenient_mean if lenient else strict_mean)(scores, weights)


def mean_over_types(
    scores: Floats, task_types: Sequence[str], *, lenient: bool = False, weights: Ints | None = None
) -> Floats:
    """(rows,): the mean of the means of the types, blank if any task is blank; lenient: of those that exist."""
    mean = lenient_mean if lenient else strict_mean
    counts = _once_each(scores) if weights is None else weights
    by_type = [mean(scores[:, columns], counts[columns]) for columns in columns_by_type(task_types)]
    return mean(np.column_stack(by_type)) if by_type else np.full(len(scores), np.nan)


def columns_by_type(task_types: Sequence[str]) -> list[Ints]:
    """The columns of each task type, types in order of their first task."""
    types = np.asarray(task_types, dtype=object)
    return [np.flatnonzero(types == name) for name in dict.fromkeys(task_types)]


def win_rates(scores: Floats, weights: Ints | None = None) -> Floats:
    """(rows,): (wins + half the ties) / comparisons, over all other rows and the tasks where both are not blank.

    Counted as half-integers and divided once, so equal rates are equal numbers.
    """
    counts = _once_each(scores) if weights is None else weights
    won, compared = (tally @ counts for tally in win_tallies(scores))
    rates = np.full(len(scores), np.nan)
    np.divide(won, compared, out=rates, where=compared > 0)
    return rates


def win_tallies(scores: Floats) -> tuple[Floats, Floats]:
    """(rows, tasks) each: wins and half ties, comparisons; 0 where the task is blank.

    Of `k` rows on a task the one with average rank `r` has `k - r` wins and half ties in `k - 1` comparisons.
    """
    known = ~np.isnan(scores)
    n_scored = known.sum(axis=0)
    won = np.where(known, n_scored - average_rank_table(scores), 0.0)
    return won, np.where(known, n_scored - 1.0, 0.0)


def complete_rows(scores: Floats) -> Bools:
    """(rows,): whether no task is blank."""
    n_known = (~np.isnan(scores)).sum(axis=1)
    return np.asarray((n_known == scores.shape[1]) & (n_known > 0))


def complete_points(scores: Floats, weights: Ints | None = None) -> Floats:
    """(rows,): Borda points among the rows without a blank task, each of which votes for itself; NaN for the others."""
    points = np.full(len(scores), np.nan)
    complete = complete_rows(scores)
    counts = _once_each(scores) if weights is None else weights
    points[complete] = (complete.sum() - average_rank_table(scores[complete])) @ counts
    return points


def average_rank_table(scores: Floats) -> Floats:
    """(rows, columns): `average_ranks` of every column."""
    table = np.empty(scores.shape[::-1])
    for ranks, column in zip(table, np.ascontiguousarray(scores.T), strict=True):
        ranks[:] = average_ranks(column)
    return table.T


def _once_each(scores: Floats) -> Ints:
    return np.ones(scores.shape[1], dtype=np.intp)
