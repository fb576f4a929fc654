"""Which cells of a task are to be evaluated."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from evaluation.models import EvaluationUnit
from leaderboard.models import Benchmark, Task


@dataclass(frozen=True)
class UnitCells:
    """Which cells of a task a unit evaluates; None: all that the task has by default."""

    eval_splits: list[str] | None = None
    hf_subsets: list[str] | None = None


def cells_wanted(
    *, tasks: Iterable[Task], parts: Mapping[Task, UnitCells], benchmarks: Sequence[Benchmark]
) -> dict[Task, UnitCells]:
    """What to evaluate of each task: of one that is named as a whole all, of one that is named in part and stands on a
    benchmark as well, both together.
    """
    cells = cells_of_benchmarks(benchmarks)
    for task, part in parts.items():
        cells[task] = joined_cells(task, cells[task], part) if task in cells else part
    return cells | {task: UnitCells() for task in tasks}


def joined_cells(task: Task, one: UnitCells, other: UnitCells) -> UnitCells:
    """All splits and all subsets of both."""
    splits, subsets = list(one.eval_splits or task.eval_splits), list(one.hf_subsets or task.hf_subsets)
    _extend(splits, other.eval_splits or task.eval_splits)
    _extend(subsets, other.hf_subsets or task.hf_subsets)
    return narrowed(task, splits, subsets)


def cells_of_benchmarks(benchmarks: Sequence[Benchmark]) -> dict[Task, UnitCells]:
    """The tasks of the benchmarks in their order, each with all the cells that any of the benchmarks counts."""
    cells: dict[Task, tuple[list[str], list[str]]] = {}
    for benchmark in benchmarks:
        for counted in benchmark.benchmark_tasks.select_related("task").order_by("position"):
            splits, subsets = cells.setdefault(counted.task, ([], []))
            _extend(splits, counted.splits)
            _extend(subsets, counted.subsets)
    return {task: narrowed(task, splits, subsets) for task, (splits, subsets) in cells.items()}


def _extend(known: list[str], more: Iterable[str]) -> None:
    known.extend(dict.fromkeys(value for value in more if value not in known))


def narrowed(task: Task, splits: list[str], subsets: list[str]) -> UnitCells:
    """These splits and subsets; None for either where it is all that the task has by default."""
    return UnitCells(
        eval_splits=None if set(splits) == set(task.eval_splits) else splits,
        hf_subsets=None if set(subsets) == set(task.hf_subsets) else subsets,
    )


def covers(unit: EvaluationUnit, wanted: UnitCells) -> bool:
    """Whether the unit evaluates all that is wanted of its task."""
    return holds(unit.task, UnitCells(unit.eval_splits, unit.hf_subsets), wanted)


def holds(task: Task, asked: UnitCells, wanted: UnitCells) -> bool:
    """Whether who asks for the one part of the task asks for all of the other."""
    return _includes(asked.eval_splits, wanted.eval_splits, task.eval_splits) and _includes(
        asked.hf_subsets, wanted.hf_subsets, task.hf_subsets
    )


def _includes(asked: list[str] | None, wanted: list[str] | None, default: list[str]) -> bool:
    return set(default if wanted is None else wanted) <= set(default if asked is None else asked)
