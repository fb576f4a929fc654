"""Which cells of a task are to be evaluated."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from leaderboard.models import Benchmark, Task


@dataclass(frozen=True)
class UnitCells:
    """Which cells of a task a unit evaluates; None: all that the task has by default."""

    eval_splits: list[str] | None = None
    hf_subsets: list[str] | None = None


def cells_of_benchmarks(benchmarks: Sequence[Benchmark]) -> dict[Task, UnitCells]:
    """The tasks of the benchmarks in their order, each with all the cells that any of the benchmarks counts."""
    cells: dict[Task, tuple[list[str], list[str]]] = {}
    for benchmark in benchmarks:
        for counted in benchmark.benchmark_tasks.select_related("task").order_by("position"):
            splits, subsets = cells.setdefault(counted.task, ([], []))
            _extend(splits, counted.splits)
            _extend(subsets, counted.subsets)
    return {task: _narrowed(task, splits, subsets) for task, (splits, subsets) in cells.items()}


def _extend(known: list[str], more: Iterable[str]) -> None:
    known.extend(dict.fromkeys(value for value in more if value not in known))


def _narrowed(task: Task, splits: list[str], subsets: list[str]) -> UnitCells:
    return UnitCells(
        eval_splits=None if set(splits) == set(task.eval_splits) else splits,
        hf_subsets=None if set(subsets) == set(task.hf_subsets) else subsets,
    )
