"""The score of a task from the scores of its cells, as boards and pages count it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import reduce
from operator import add
from typing import TypeVar

Cell = tuple[str, str]  # split, subset
ScoredCell = tuple[Cell, float]
Value = TypeVar("Value")


def merge_parts(parts: Iterable[Sequence[tuple[Cell, Value]]]) -> list[tuple[Cell, Value]]:
    """The cells of several results of one run, where each counts from the first part that scores it.

    A cell that a part itself lists twice stays twice, as it counts twice in mteb.
    """
    merged: list[tuple[Cell, Value]] = []
    seen: set[Cell] = set()
    for part in parts:
        merged += [scored for scored in part if scored[0] not in seen]
        seen.update(cell for cell, _ in part)
    return merged


def mean_in_order(scores: Sequence[float]) -> float | None:
    """The plain mean, summed from first to last (`sum` compensates on newer Pythons); None of nothing."""
    return reduce(add, scores) / len(scores) if scores else None


def whole_task(cells: Iterable[Cell]) -> int:
    """How many cells make the task whole, by mteb's rule: splits seen x subsets seen."""
    seen = set(cells)
    return len({split for split, _ in seen}) * len({subset for _, subset in seen})
