"""Where a score stands among the others: one rule for tasks and benchmarks, on every page.

The percentile of an entry is the share of the other entries with a score that are lower, where an equal one counts
half, x 100. The best of several is 100, the worst 0, the one in the middle 50. An entry without a score has none, and
neither has an entry without others.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from leaderboard.aggregation import Floats


def percentiles(scores: npt.ArrayLike) -> Floats:
    """The percentile of each entry of a task's column; NaN where the score is NaN (blank) or no other entry has one."""
    column = np.asarray(scores, dtype=np.float64)
    known = ~np.isnan(column)
    result = np.full(column.shape, np.nan)
    others = np.count_nonzero(known) - 1
    if others < 1:
        return result
    ordered = np.sort(column[known])
    lower = np.searchsorted(ordered, column[known], side="left")
    not_higher = np.searchsorted(ordered, column[known], side="right")
    result[known] = (lower + not_higher - 1) / (2 * others) * 100
    return result


def percentiles_of_ranks(ranks: npt.ArrayLike) -> Floats:
    """The same for ranks, of which the lowest is the best; NaN is not ranked."""
    return percentiles(-np.asarray(ranks, dtype=np.float64))


def percentile_among(score: float | None, ordered: Floats) -> float | None:
    """The percentile of one entry. `ordered` holds the scores of all entries, its own among them, lowest first."""
    others = len(ordered) - 1
    if score is None or others < 1:
        return None
    lower = int(np.searchsorted(ordered, score, side="left"))
    not_higher = int(np.searchsorted(ordered, score, side="right"))
    return (lower + not_higher - 1) / (2 * others) * 100
