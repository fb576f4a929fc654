"""What a model is good and bad at, by task type: from percentiles to a verdict.

The percentile of a result compares it with the other models on the same task, so tasks of different difficulty can be
put together. A type is judged by the median over the model's tasks of that type: half of its results there are better
placed, half are worse. From three tasks on the median is called strong at 75 and above (better than three quarters of
the models on half of the tasks), weak at 25 and below, and typical in between. Fewer tasks say too little.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

ENOUGH_TASKS = 3
NO_TYPE = "Unknown"
"""The type of tasks that only results name; they have nothing in common."""
STRONG_FROM = 75
WEAK_UP_TO = 25


class Verdict(StrEnum):
    """In the order in which a reader wants to hear them."""

    STRONG = "strong"
    TYPICAL = "typical"
    WEAK = "weak"
    UNCERTAIN = "too few tasks"


@dataclass(frozen=True, slots=True)
class TypeStrength:
    """The percentiles of a model on its tasks of a type: their median and the middle half, from `low` to `high`."""

    task_type: str
    n_tasks: int
    median: float
    low: float
    high: float

    @property
    def verdict(self) -> Verdict:
        if self.n_tasks < ENOUGH_TASKS:
            return Verdict.UNCERTAIN
        if self.median >= STRONG_FROM:
            return Verdict.STRONG
        return Verdict.WEAK if self.median <= WEAK_UP_TO else Verdict.TYPICAL


def type_strengths(percentiles: Iterable[tuple[str, float | None]]) -> list[TypeStrength]:
    """From (task type, percentile) of every task, best type first, types with too few tasks last.

    A task without a percentile or of no known type does not count, and a type without any is left out.
    """
    by_type: dict[str, list[float]] = defaultdict(list)
    for task_type, percentile in percentiles:
        if percentile is not None and task_type != NO_TYPE:
            by_type[task_type].append(percentile)
    found = [_strength(task_type, of_type) for task_type, of_type in by_type.items()]
    return sorted(found, key=lambda one: (one.verdict is Verdict.UNCERTAIN, -one.median, one.task_type))


def _strength(task_type: str, percentiles: list[float]) -> TypeStrength:
    ordered = sorted(percentiles)
    low, median, high = (_quantile(ordered, share) for share in (0.25, 0.5, 0.75))
    return TypeStrength(task_type, len(percentiles), median, low, high)


def _quantile(ordered: Sequence[float], share: float) -> float:
    """Interpolated between neighbours, as `numpy.quantile` does, which takes longer to load than to compute."""
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)
