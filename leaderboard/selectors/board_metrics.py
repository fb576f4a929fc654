"""A board by another metric than the main score: the scores of its cube, replaced from the stored result files.

A task counts where every scored cell in view has the metric; other tasks are left out. Only files of tasks in view are
read, and of these only where the metric stands in a few files looked at first: one file without it is enough to leave
the task out.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any, NamedTuple

import numpy as np
import zstandard

from leaderboard.aggregation import Bools, Floats, Ints
from leaderboard.cell_means import Cell
from leaderboard.cube import Cube
from leaderboard.memory import Kept
from leaderboard.metrics import Family, Metric, explained
from leaderboard.models import CellSet, Task, TaskResult
from leaderboard.result_files import TaskFacts
from leaderboard.result_metrics import metric_column, metric_values, stored_cells
from leaderboard.selectors.task_metrics import natural_order

MAX_RESULTS = 15_000
"""So many files are read for one page: about two seconds, and five where most have a hundred subsets."""
_FILES_AT_ONCE = 50
_KEPT_BYTES = 16 * 2**20
_KEPT_VIEWS = 40


class UnusableMetric(ValueError):
    """Why the tasks in view cannot be ranked by a metric, in one sentence."""


class LeftOut(NamedTuple):
    """A task that is not ranked by the metric; `n_without` of its results lack it, None where nobody counted."""

    task: str
    n_without: int | None
    n_results: int


@dataclass(frozen=True, slots=True)
class MetricCube:
    """A cube with the scores of a metric and without the tasks that lack it, of `n_in_view` that were looked at."""

    cube: Cube
    left_out: list[LeftOut]
    n_in_view: int


class OfferedMetric(NamedTuple):
    metric: Metric
    n_tasks: int


# (metric, which cells of which results) -> a score for each of these cells. Results never change, so that this outlives
# boards: after a new result only its own task is read again.
_scores: Kept[Floats] = Kept(_KEPT_BYTES, lambda scores: scores.nbytes + 200)
# (board, tasks in view) -> the metrics by task.
_names: Kept[dict[int, frozenset[str]]] = Kept(_KEPT_VIEWS)


def with_metric(key: Hashable, cube: Cube, metric: str, kinds: Bools) -> MetricCube:
    """The cube by a metric; `key` names the cube, `kinds` says which kinds of cells are in view.

    Tasks out of view keep their main scores. Raises UnusableMetric.
    """
    names = metric_names(key, cube, kinds)
    candidates = [task for task, known in names.items() if metric in known]
    n_results = np.bincount(cube.task_of_result, minlength=len(cube.tasks))
    _check(metric, candidates, n_results)
    score = np.array(cube.score)
    counts = kinds[cube.kind] & ~np.isnan(score)
    task_of_cell = cube.task_of_kind[cube.kind]
    n_without: dict[int, int] = {}
    for task in candidates:
        cells = np.flatnonzero(task_of_cell == task)
        found = _task_scores(cube, metric, task)
        n_without[task] = len(np.unique(cube.result_of_cell[cells[counts[cells] & np.isnan(found)]]))
        score[cells] = np.where(np.isnan(score[cells]), np.nan, found)
    dropped = [task for task in sorted(names) if n_without.get(task) != 0]
    left_out = [LeftOut(cube.tasks[task].name, n_without.get(task), int(n_results[task])) for task in dropped]
    if len(dropped) == len(names):
        raise UnusableMetric(_nowhere(metric, left_out))
    return MetricCube(replace(cube, score=score).without_tasks(dropped), left_out, len(names))


def _check(metric: str, candidates: Sequence[int], n_results: Ints) -> None:
    if not candidates:
        raise UnusableMetric(_nowhere(metric, []))
    n_files = int(n_results[candidates].sum())
    if n_files > MAX_RESULTS:
        raise UnusableMetric(
            f"{metric} stands in {n_files:,} results of the {len(candidates)} tasks in view, and a page reads up to "
            f"{MAX_RESULTS:,}. Open the filters and choose fewer tasks, by type, language or name. Until then this is "
            "the board by the main score."
        )


def _nowhere(metric: str, left_out: Sequence[LeftOut]) -> str:
    nearest = min((one for one in left_out if one.n_without), key=lambda one: one.n_without or 0, default=None)
    near = f" {nearest.task} comes closest: {nearest.n_without} of {nearest.n_results} lack it." if nearest else ""
    return (
        f"No task in view has a metric {metric[:60]!r} in all its results.{near} This is the board by the main score; "
        "the filters list the metrics there are."
    )


def offered_metrics(key: Hashable, cube: Cube, kinds: Bools) -> list[OfferedMetric]:
    """What the tasks in view may be ranked by: what the files looked at hold, family by family, by label."""
    n_tasks = Counter(name for known in metric_names(key, cube, kinds).values() for name in known)
    families = list(Family)
    offered = [OfferedMetric(explained(name), n) for name, n in n_tasks.items()]
    return sorted(offered, key=lambda one: (families.index(one.metric.family), natural_order(one.metric.label)))


def metric_names(key: Hashable, cube: Cube, kinds: Bools) -> dict[int, frozenset[str]]:
    """Task in view -> the metrics that its first and its last result both have."""
    return _names.get((key, kinds.tobytes()), lambda: _metric_names(cube, kinds))


def _metric_names(cube: Cube, kinds: Bools) -> dict[int, frozenset[str]]:
    results = np.unique(cube.result_of_cell[kinds[cube.kind] & ~np.isnan(cube.score)])
    tasks, ids = cube.task_of_result[results], cube.result_ids[results]
    of_task = {task: ids[tasks == task] for task in np.unique(tasks).tolist()}
    looked_at = {task: {int(of.min()), int(of.max())} for task, of in of_task.items()}
    facts = _facts([cube.tasks[task].id for task in looked_at])
    files = TaskResult.objects.filter(pk__in=set().union(*looked_at.values())).values_list("pk", "payload")
    task_of = {pk: task for task, pks in looked_at.items() for pk in pks}
    found: dict[int, frozenset[str]] = {}
    # Most tasks of a type have the same ones, which are kept once.
    alike: dict[frozenset[str], frozenset[str]] = {}
    for pk, payload in files.iterator(_FILES_AT_ONCE):
        names = frozenset(metric_values(_cells(payload, facts))[0])
        both = found.get(task_of[pk], names) & names
        found[task_of[pk]] = alike.setdefault(both, both)
    return found


def _task_scores(cube: Cube, metric: str, task: int) -> Floats:
    """The metric of each cell of a task, in the order of the cube, NaN where the file has none."""
    of_task = cube.task_of_kind[cube.kind] == task
    results = cube.result_ids[cube.result_of_cell[of_task]]
    kinds, kind_of_cell = np.unique(cube.kind[of_task], return_inverse=True)
    cells = [(cube.kinds[kind].split, cube.kinds[kind].subset) for kind in kinds.tolist()]
    which = sha256(results.tobytes() + kind_of_cell.tobytes() + repr(cells).encode()).digest()
    wanted = zip(results.tolist(), map(cells.__getitem__, kind_of_cell.tolist()), strict=True)
    return _scores.get((metric, which), lambda: _read_scores(cube.tasks[task].id, metric, list(wanted)))


def _read_scores(task_id: int, metric: str, wanted: Sequence[tuple[int, Cell]]) -> Floats:
    facts = _facts([task_id])
    cell_sets = _cell_sets(task_id)
    files = TaskResult.objects.filter(pk__in={pk for pk, _ in wanted}).values_list("pk", "cell_set_id", "payload")
    values = {
        pk: _by_cell(cell_sets[cell_set_id], metric_column(_cells(payload, facts), metric))
        for pk, cell_set_id, payload in files.iterator(_FILES_AT_ONCE)
    }
    return np.array([next(values[pk][cell]) for pk, cell in wanted], dtype=np.float64)


def _by_cell(cells: Sequence[Cell], column: Floats) -> dict[Cell, Iterator[float]]:
    """A file may list a cell twice, and so does the cube, in the same order."""
    values: dict[Cell, list[float]] = defaultdict(list)
    for cell, value in zip(cells, column.tolist(), strict=True):
        values[cell].append(value)
    return {cell: iter(of_cell) for cell, of_cell in values.items()}


def _cell_sets(task_id: int) -> dict[int, list[Cell]]:
    sets = CellSet.objects.filter(task=task_id).values_list("pk", "splits", "subsets")
    return {pk: list(zip(splits, subsets, strict=True)) for pk, splits, subsets in sets}


def _facts(task_ids: Collection[int]) -> dict[str, TaskFacts]:
    found = Task.objects.filter(pk__in=task_ids).values_list("name", "main_score", "eval_langs")
    return {name: TaskFacts(main_score, eval_langs) for name, main_score, eval_langs in found}


def _cells(payload: bytes | memoryview, facts: Mapping[str, TaskFacts]) -> list[Mapping[str, Any]]:
    return stored_cells(zstandard.ZstdDecompressor().decompressobj().decompress(bytes(payload)), facts)
