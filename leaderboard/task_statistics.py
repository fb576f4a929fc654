"""What the scores of a task say about the task: how they spread, whether they separate models, and whether they order
models as other tasks do. Scores come as arrays of fractions, NaN where blank.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, log10, sqrt
from typing import Any

import numpy as np
import numpy.typing as npt

from leaderboard.aggregation import Bools, Floats, Ints

SATURATED = 0.95
MOST_BINS = 30
FEWEST_MODELS = 5
Z_95 = 1.96
_STEPS = (1, 2, 5, 10)
_ROWS_AT_ONCE = 256


@dataclass(frozen=True, slots=True)
class Distribution:
    """The five-number summary of `n` scores."""

    n: int
    lowest: float
    lower_quartile: float
    median: float
    upper_quartile: float
    highest: float

    @property
    def middle_half(self) -> float:
        """How far apart the quartiles are (the interquartile range)."""
        return self.upper_quartile - self.lower_quartile


@dataclass(frozen=True, slots=True)
class Histogram:
    """`counts[i]` scores lie from `edges[i]` up to, but not including, `edges[i + 1]`; the last bin has its end too."""

    edges: list[float]
    counts: list[int]


@dataclass(frozen=True, slots=True)
class Agreement:
    """How the order of models on a task agrees with another order of the same models; None where there are too few."""

    n_models: int
    spearman: float | None
    kendall: float | None


def known(scores: npt.ArrayLike) -> Floats:
    column = np.asarray(scores, dtype=np.float64)
    return column[~np.isnan(column)]


def distribution(scores: npt.ArrayLike) -> Distribution | None:
    """None of no score. Quartiles are interpolated linearly."""
    column = known(scores)
    if not len(column):
        return None
    return Distribution(len(column), *np.quantile(column, [0, 0.25, 0.5, 0.75, 1]).tolist())


def share_from(scores: npt.ArrayLike, bar: float) -> float:
    """The share of the scores that reach the bar; 0 of none."""
    column = known(scores)
    return float(np.mean(column >= bar)) if len(column) else 0.0


def histogram(scores: npt.ArrayLike, most_bins: int = MOST_BINS) -> Histogram:
    """Bins of equal, round width (1, 2 or 5 times a power of ten) over the range of the scores, at most `most_bins`."""
    column = known(scores)
    if not len(column):
        return Histogram([], [])
    step = _round_step(float(column.max() - column.min()), most_bins)
    # A score that stands on an edge must not fall below it for a rounding error.
    places = np.round(column / step, 9)
    bins = np.floor(places).astype(int)
    if places.max() == bins.max() > bins.min():
        bins = np.minimum(bins, bins.max() - 1)
    first, counts = int(bins.min()), np.bincount(bins - bins.min())
    return Histogram([round((first + i) * step, 10) for i in range(len(counts) + 1)], counts.tolist())


def _round_step(width: float, most_bins: int) -> float:
    """The smallest round step with which no more than `most_bins` bins cover the width, wherever it begins."""
    least = max(width / (most_bins - 1), 1e-4)
    power = 10.0 ** floor(log10(least))
    return next(step * power for step in _STEPS if step * power >= least * (1 - 1e-9))


def average_ranks(values: npt.ArrayLike) -> Floats:
    """1 for the lowest; equal values share the mean of their places."""
    _, inverse, counts = np.unique(np.asarray(values, dtype=np.float64), return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray((last - (counts - 1) / 2)[inverse], dtype=np.float64)


def competition_ranks(scores: npt.ArrayLike) -> Floats:
    """1 for the highest; equal scores share the best number. NaN is not ranked."""
    column = np.asarray(scores, dtype=np.float64)
    ordered = np.sort(-column[~np.isnan(column)])
    return np.where(np.isnan(column), np.nan, np.searchsorted(ordered, -column, side="left") + 1.0)


def spearman(a: npt.ArrayLike, b: npt.ArrayLike) -> float | None:
    """Spearman's rank correlation; None for fewer than two models or where all are equal."""
    ranks_a, ranks_b = average_ranks(a), average_ranks(b)
    if len(ranks_a) < 2:
        return None
    ranks_a -= ranks_a.mean()
    ranks_b -= ranks_b.mean()
    spread = sqrt(float(ranks_a @ ranks_a) * float(ranks_b @ ranks_b))
    return float(ranks_a @ ranks_b) / spread if spread else None


def kendall(a: npt.ArrayLike, b: npt.ArrayLike) -> float | None:
    """Kendall's tau-b (Knight 1966): pairs in the same order less pairs in the opposite one, corrected for ties.

    None for fewer than two models or where all are equal.
    """
    of_a = np.unique(np.asarray(a, dtype=np.float64), return_inverse=True)[1]
    of_b = np.unique(np.asarray(b, dtype=np.float64), return_inverse=True)[1]
    n_pairs = len(of_a) * (len(of_a) - 1) // 2
    order = np.lexsort((of_b, of_a))
    tied_a, tied_b = _tied_pairs(of_a), _tied_pairs(of_b)
    tied_both = _tied_pairs(of_a * (len(of_b) + 1) + of_b)
    discordant = _inversions(of_b[order])
    spread = sqrt((n_pairs - tied_a) * (n_pairs - tied_b))
    return (n_pairs - tied_a - tied_b + tied_both - 2 * discordant) / spread if spread else None


def _tied_pairs(codes: Ints) -> int:
    counts = np.unique(codes, return_counts=True)[1]
    return int((counts * (counts - 1) // 2).sum())


def _inversions(codes: Ints) -> int:
    """Pairs that stand in the wrong order: a merge sort from the bottom up, all blocks of one width at once."""
    size = 1 << max(len(codes) - 1, 0).bit_length()
    # What fills up to a power of two is higher than everything, so that it is never in the wrong order.
    values = np.full(size, len(codes) + 1, dtype=np.int64)
    values[: len(codes)] = codes
    inversions, width = 0, 1
    while width < size:
        halves = values.reshape(-1, 2, width)
        offsets = np.arange(len(halves))[:, None] * (len(codes) + 2)
        left = (np.sort(halves[:, 0], axis=1) + offsets).ravel()
        right = halves[:, 1] + offsets
        not_higher = np.searchsorted(left, right.ravel(), side="right").reshape(right.shape)
        inversions += int((np.arange(1, len(halves) + 1)[:, None] * width - not_higher).sum())
        width *= 2
    return inversions


def agreement(a: npt.ArrayLike, b: npt.ArrayLike) -> Agreement:
    """Over the models that have both."""
    first, second = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    both = ~np.isnan(first) & ~np.isnan(second)
    n_models = int(np.count_nonzero(both))
    if n_models < FEWEST_MODELS:
        return Agreement(n_models, None, None)
    return Agreement(n_models, spearman(first[both], second[both]), kendall(first[both], second[both]))


def mean_of_others(table: npt.ArrayLike, column: int) -> Floats:
    """The mean of all other columns, NaN for a row that lacks one; columns that nobody has are left out."""
    scores = np.delete(np.asarray(table, dtype=np.float64), column, axis=1)
    scores = scores[:, ~np.all(np.isnan(scores), axis=0)]
    return scores.mean(axis=1) if scores.shape[1] else np.full(len(scores), np.nan)


def relative_spread(table: npt.ArrayLike, column: int) -> float | None:
    """The middle half of a column's scores as a multiple of that of the table's median column."""
    columns = np.asarray(table, dtype=np.float64).T
    halves = [found.middle_half for scores in columns if (found := distribution(scores)) and found.n >= FEWEST_MODELS]
    own = distribution(columns[column])
    usual = float(np.median(halves)) if halves else 0.0
    return own.middle_half / usual if own and own.n >= FEWEST_MODELS and usual else None


def standard_error(repeated: Sequence[Sequence[float]]) -> float | None:
    """The standard error of a mean over cells, from the scores of each cell's repeated runs.

    None where a cell was not repeated. Runs are taken as independent.
    """
    if not repeated or any(len(runs) < 2 for runs in repeated):
        return None
    return sqrt(sum(_variance(runs) / len(runs) for runs in repeated)) / len(repeated)


def _variance(runs: Sequence[float]) -> float:
    """Plain Python: the cells are many and their runs few."""
    mean = sum(runs) / len(runs)
    return sum((run - mean) ** 2 for run in runs) / (len(runs) - 1)


@dataclass(frozen=True, slots=True)
class Separation:
    """Which models differ by more than 1.96 standard errors of their difference.

    `pairs` and `neighbours` are shares: of all pairs, and of those next to each other in the ranking. `tied_with_best`
    models do not differ from the best one so much.
    """

    n_models: int
    pairs: float
    neighbours: float
    tied_with_best: int


def separation(scores: npt.ArrayLike, errors: npt.ArrayLike) -> Separation | None:
    """Over the models with a score and an error; None for fewer than two."""
    score, error = _complete(scores, errors)
    if len(score) < 2:
        return None
    order = np.argsort(-score, kind="stable")
    score, squared = score[order], error[order] ** 2
    separated = 0
    for start in range(0, len(score), _ROWS_AT_ONCE):
        block = slice(start, start + _ROWS_AT_ONCE)
        separated += int(np.count_nonzero(_apart(score[block, None], squared[block, None], score, squared)))
    return Separation(
        n_models=len(score),
        pairs=separated / (len(score) * (len(score) - 1)),
        neighbours=float(_apart(score[:-1], squared[:-1], score[1:], squared[1:]).mean()),
        tied_with_best=int(np.count_nonzero(~_apart(score[0], squared[0], score[1:], squared[1:]))),
    )


def _apart(score: Any, squared: Any, other: Floats, other_squared: Floats) -> Bools:
    """Whether scores with these squared errors differ by more than noise, element by element."""
    return np.asarray(np.abs(score - other) > Z_95 * np.sqrt(squared + other_squared))


def _complete(scores: npt.ArrayLike, errors: npt.ArrayLike) -> tuple[Floats, Floats]:
    score, error = np.asarray(scores, dtype=np.float64), np.asarray(errors, dtype=np.float64)
    both = ~np.isnan(score) & ~np.isnan(error)
    return score[both], error[both]


def reliability(scores: npt.ArrayLike, errors: npt.ArrayLike) -> float | None:
    """The share of the variance of scores that is not noise: 1 - mean squared error / variance, at least 0."""
    score, error = _complete(scores, errors)
    observed = float(np.var(score, ddof=1)) if len(score) > 1 else 0.0
    return max(0.0, 1 - float(np.mean(error**2)) / observed) if observed else None


def axis_ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Round numbers from low to high to write below an axis."""
    step = _round_step(high - low, most)
    first, last = ceil(round(low / step, 9)), floor(round(high / step, 9))
    return [round(i * step, 10) for i in range(first, last + 1)]
