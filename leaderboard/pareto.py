"""Which points of a set stand out: those that no other beats, and those that were the best when they came."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date


def pareto_front(points: Sequence[tuple[float, float]]) -> list[int]:
    """Indexes of the (cost, value) points of which no other costs at most as much and is worth at least as much,
    one of the two strictly; by rising cost. Points that are equal in both stand or fall together.
    """
    order = sorted(range(len(points)), key=lambda i: (points[i][0], -points[i][1]))
    front: list[int] = []
    for i in order:
        last = points[front[-1]] if front else None
        if last is None or points[i][1] > last[1] or points[i] == last:
            front.append(i)
    return front


def records(points: Sequence[tuple[date, float]]) -> list[int]:
    """Indexes of the (day, value) points that are higher than all of earlier days, oldest first: at most one a day,
    of equals the first in the sequence.
    """
    order = sorted(range(len(points)), key=lambda i: (points[i][0], -points[i][1]))
    found: list[int] = []
    for i in order:
        if not found or points[i][1] > points[found[-1]][1]:
            found.append(i)
    return found
