"""Two rows compared on the tasks where both have a score; and several rows, each with each.

Everything is about the differences of the two on a task. Scores are NaN where a task is blank. What cannot be said is
None, or NaN in matrices: of no common task nothing, of one only the difference. docs/statistics.md has the method.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations
from math import comb

import numpy as np
import numpy.typing as npt

from leaderboard.aggregation import Floats, Ints
from leaderboard.bootstrap import DRAWS, HIGH, LOW, SEED
from leaderboard.methods import average_rank_table

FLIPS = 10_000
_MIN_TASKS = 2
# Up to so many differences all ways to flip them are fewer than FLIPS.
_MOST_ENUMERATED = 13
# Sums in another order differ by less, relative to the differences that they are of.
_NOISE = 1e-12
_BITS_OF_BYTES = np.unpackbits(np.arange(256, dtype=np.uint8)[None], axis=0).astype(np.float64)


@dataclass(frozen=True, slots=True)
class Pair:
    """Row A against row B; positive is better for A.

    `difference` is the mean difference with the bounds of its 95% bootstrap interval. `p_beats` is the share of draws
    in which A has the higher mean, ties half. `permutation_p` is that of the sign-flip test of the mean difference,
    over every flip where `is_exact`, and `sign_p` that of the sign test; both are two-sided. `rank_biserial` is the
    matched-pairs rank-biserial correlation, from -1 to 1, and `d_z` the mean difference in standard deviations of the
    differences, None where they do not vary.
    """

    n_common: int
    wins: int
    ties: int
    losses: int
    difference: float | None = None
    difference_low: float | None = None
    difference_high: float | None = None
    p_beats: float | None = None
    permutation_p: float | None = None
    is_exact: bool = False
    sign_p: float | None = None
    rank_biserial: float | None = None
    d_z: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """All pairs of some rows: (rows, rows) matrices of what `Pair` says of the row against the column.

    Nothing stands on the diagonal: 0 in counts, NaN elsewhere. `adjusted_p` are the permutation p-values after Holm's
    correction for the number of pairs.
    """

    n_common: Ints
    wins: Ints
    ties: Ints
    losses: Ints
    difference: Floats
    difference_low: Floats
    difference_high: Floats
    p_beats: Floats
    permutation_p: Floats
    adjusted_p: Floats
    sign_p: Floats
    rank_biserial: Floats
    d_z: Floats


def compare(a: Floats, b: Floats, *, draws: int = DRAWS, seed: int = SEED) -> Pair:
    """Row A against row B; both are (tasks,)."""
    common = ~np.isnan(a) & ~np.isnan(b)
    differences = a[common] - b[common]
    n = len(differences)
    wins, losses = int((differences > 0).sum()), int((differences < 0).sum())
    pair = Pair(n, wins, n - wins - losses, losses, difference=float(differences.mean()) if n else None)
    if n < _MIN_TASKS:
        return pair
    means = _drawn_means(differences, draws, seed)
    low, high = np.quantile(means, (LOW, HIGH))
    permutation_p, is_exact = _sign_flip_test(differences, seed)
    return replace(
        pair,
        difference_low=float(low),
        difference_high=float(high),
        p_beats=float((means > 0).mean() + (means >= 0).mean()) / 2,
        permutation_p=permutation_p,
        is_exact=is_exact,
        sign_p=_sign_test(wins, losses),
        rank_biserial=_rank_biserial(differences),
        d_z=_d_z(differences),
    )


def compare_all(scores: Floats, *, draws: int = DRAWS, seed: int = SEED) -> Comparison:
    """Every pair of the rows of a (rows, tasks) matrix."""
    n = len(scores)
    first, second = np.array(list(combinations(range(n), 2)), dtype=np.intp).reshape(-1, 2).T
    pairs = [compare(scores[i], scores[j], draws=draws, seed=seed) for i, j in zip(first, second, strict=True)]

    def counts(name: str, mirrored: str) -> Ints:
        matrix = np.zeros((n, n), dtype=np.intp)
        matrix[first, second] = [getattr(pair, name) for pair in pairs]
        matrix[second, first] = [getattr(pair, mirrored) for pair in pairs]
        return matrix

    def numbers(values: Floats, mirrored: Floats) -> Floats:
        matrix = np.full((n, n), np.nan)
        matrix[first, second] = values
        matrix[second, first] = mirrored
        return matrix

    def known(name: str) -> Floats:
        return np.array([getattr(pair, name) for pair in pairs], dtype=np.float64)

    p, sign_p, adjusted_p = known("permutation_p"), known("sign_p"), holm(known("permutation_p"))
    low, high, p_beats = known("difference_low"), known("difference_high"), known("p_beats")
    difference, rank_biserial, d_z = known("difference"), known("rank_biserial"), known("d_z")
    return Comparison(
        n_common=counts("n_common", "n_common"),
        wins=counts("wins", "losses"),
        ties=counts("ties", "ties"),
        losses=counts("losses", "wins"),
        difference=numbers(difference, -difference),
        difference_low=numbers(low, -high),
        difference_high=numbers(high, -low),
        p_beats=numbers(p_beats, 1 - p_beats),
        permutation_p=numbers(p, p),
        adjusted_p=numbers(adjusted_p, adjusted_p),
        sign_p=numbers(sign_p, sign_p),
        rank_biserial=numbers(rank_biserial, -rank_biserial),
        d_z=numbers(d_z, -d_z),
    )


def holm(p_values: npt.ArrayLike) -> Floats:
    """p-values corrected for their number: the smallest times all of them, the next times one less, never decreasing.

    NaN is no test and counts for nothing.
    """
    given = np.asarray(p_values, dtype=np.float64)
    adjusted = np.full(len(given), np.nan)
    order = np.argsort(given, kind="stable")[: int((~np.isnan(given)).sum())]
    factors = np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(given[order] * factors), 1.0)
    return adjusted


def _drawn_means(differences: Floats, draws: int, seed: int) -> Floats:
    """(draws,): the mean of as many differences drawn with replacement; what is noise around 0 is 0."""
    n = len(differences)
    # The same draws as `bootstrap.draw_counts`, which counts them for many rows at once.
    means = differences[np.random.default_rng(seed).integers(n, size=(draws, n))].mean(axis=1)
    means[np.abs(means) <= _NOISE * np.abs(differences).max()] = 0.0
    return means


def _sign_flip_test(differences: Floats, seed: int) -> tuple[float, bool]:
    """(p, whether every flip was tried): how often flipped signs give a sum as far from 0 as that of the differences.

    Differences of 0 are the same either way, so they are left out. Of random flips the given signs are one more.
    """
    moved = differences[differences != 0]
    is_exact = len(moved) <= _MOST_ENUMERATED
    total = moved.sum()
    # Turning some signs takes their differences away twice.
    sums = total - 2 * (_sums_of_all_subsets(moved) if is_exact else _sums_of_random_subsets(moved, seed))
    as_far = int((np.abs(sums) >= abs(total) - _NOISE * np.abs(moved).sum()).sum())
    if is_exact:
        return as_far / len(sums), True
    return (as_far + 1) / (len(sums) + 1), False


def _sums_of_all_subsets(values: Floats) -> Floats:
    n = len(values)
    return (np.arange(2**n)[:, None] >> np.arange(n) & 1) @ values


def _sums_of_random_subsets(values: Floats, seed: int) -> Floats:
    """FLIPS of them; each value is in a subset with probability 1/2.

    A byte says which of eight values are in, so the sums of eight are looked up among 256.
    """
    n_bytes = -(-len(values) // 8)
    drawn = np.random.default_rng(seed).integers(256, size=(FLIPS, n_bytes), dtype=np.uint8)
    eights = np.zeros((n_bytes, 8))
    eights.flat[: len(values)] = values
    sums = np.zeros(FLIPS)
    for which, sums_of_eight in zip(drawn.T, eights @ _BITS_OF_BYTES, strict=True):
        sums += sums_of_eight[which]
    return sums


def _sign_test(wins: int, losses: int) -> float:
    """Two-sided exact binomial test of wins against losses; ties are left out."""
    n = wins + losses
    tail = sum(comb(n, k) for k in range(min(wins, losses) + 1))
    return min(2 * tail / 2**n, 1.0)


def _rank_biserial(differences: Floats) -> float:
    """(favourable - unfavourable) / all, in ranks of the absolute differences; those of 0 are left out."""
    moved = differences[differences != 0]
    if not len(moved):
        return 0.0
    ranks = average_rank_table(-np.abs(moved)[:, None])[:, 0]
    return float((ranks * np.sign(moved)).sum() / ranks.sum())


def _d_z(differences: Floats) -> float | None:
    largest = np.abs(differences).max()
    if largest == 0:
        return 0.0
    deviation = float(differences.std(ddof=1))
    return None if deviation <= _NOISE * largest else float(differences.mean()) / deviation
