"""What the result files of a task hold beside the main score: other metrics, and repeated runs."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import isnan
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import zstandard

from leaderboard.aggregation import Floats
from leaderboard.cell_means import Cell, merge_parts
from leaderboard.memory import Kept
from leaderboard.metrics import Metric, explained
from leaderboard.models import Scope, Task, TaskResult
from leaderboard.result_files import TaskFacts
from leaderboard.result_metrics import may_repeat, metric_values, repeated_scores, stored_cells
from leaderboard.selectors.task_cells import RowKey, counting_results, declared_cells
from leaderboard.selectors.versions import data_version
from leaderboard.task_statistics import distribution, standard_error

Value = TypeVar("Value")

_KEPT_BYTES = 16 * 2**20
_KEPT_TASKS = 100
_FILES_AT_ONCE = 20


@dataclass(frozen=True)
class MetricTable:
    """`means[row_of[key], i]` is the mean of the i-th metric over a row's cells, NaN where none has it.

    `n_cells` says how many cells are behind each mean.
    """

    names: list[str]
    row_of: Mapping[RowKey, int]
    means: Floats
    n_cells: npt.NDArray[np.int32]


@dataclass(frozen=True)
class MetricSummary:
    """A stored metric over the models that have it for as many cells as anybody."""

    metric: Metric
    n_models: int
    lowest: float
    median: float
    highest: float


_tables: Kept[MetricTable] = Kept(_KEPT_BYTES, lambda table: table.means.nbytes + table.n_cells.nbytes)
# Task -> result -> standard error, NaN where it has none. Results never change, so neither do these.
_errors: Kept[dict[int, float]] = Kept(_KEPT_TASKS)


def metric_table(task: Task, scope: Scope) -> MetricTable:
    """Every metric of every model. Reads all files of the task, so it is kept in memory until the data change."""
    return _tables.get((task.pk, scope, data_version()), lambda: _metric_table(task, scope))


def metric_summaries(task: Task, scope: Scope) -> list[MetricSummary]:
    """Family by family; in each the main score first, then what most models have, by label: nDCG@3 before nDCG@10."""
    table = metric_table(task, scope)
    complete = np.where(table.n_cells == table.n_cells.max(initial=1), table.means, np.nan)
    summaries = [
        MetricSummary(explained(name), found.n, found.lowest, found.median, found.highest)
        for name, column in zip(table.names, complete.T, strict=True)
        if (found := distribution(column))
    ]
    most = max((summary.n_models for summary in summaries), default=0)
    own = explained(task.main_score).family
    families = list(dict.fromkeys([own, *(summary.metric.family for summary in summaries)]))
    return sorted(
        summaries,
        key=lambda summary: (
            families.index(summary.metric.family),
            summary.metric.name != task.main_score,
            summary.n_models * 2 < most,
            natural_order(summary.metric.label),
        ),
    )


def natural_order(label: str) -> list[tuple[int, str]]:
    """Numbers in a label sort as numbers."""
    return [(int(part), "") if part.isdigit() else (0, part.casefold()) for part in re.split(r"(\d+)", label)]


def _metric_table(task: Task, scope: Scope) -> MetricTable:
    files = counting_results(task, scope, "result__cell_set_id", "result__main_scores", "result__payload")
    reader = _Reader(task)
    # A few files at a time: together they may not fit in memory.
    by_row = groupby(files.iterator(_FILES_AT_ONCE), lambda file: (file[0], file[1]))
    rows = {key: reader.row_means(of_row) for key, of_row in by_row}
    names = list(dict.fromkeys(name for of_row in rows.values() for name in of_row))
    place = {name: number for number, name in enumerate(names)}
    means, n_cells = np.full((len(rows), len(names)), np.nan), np.zeros((len(rows), len(names)), dtype=np.int32)
    for number, of_row in enumerate(rows.values()):
        columns = [place[name] for name in of_row]
        means[number, columns] = [mean for mean, _ in of_row.values()]
        n_cells[number, columns] = [n for _, n in of_row.values()]
    return MetricTable(names, {key: number for number, key in enumerate(rows)}, means, n_cells)


class _Reader:
    """Reads the files of a task, reduced to the cells that the task declares and that have a main score."""

    def __init__(self, task: Task) -> None:
        self.facts = {task.name: TaskFacts(task.main_score, task.eval_langs)}
        self.cells = declared_cells(task)

    def row_means(self, files: Iterator[Any]) -> dict[str, tuple[float, int]]:
        """Metric -> (its mean over the cells behind the row's task score, how many of them have it)."""
        parts_of_variants = [
            [self.scored(*part[3:]) for part in parts] for _, parts in groupby(files, lambda file: file[2])
        ]
        names, table = metric_values([cell for parts in parts_of_variants for cell in _laid_over(parts)])
        known = ~np.isnan(table)
        counts = known.sum(axis=0)
        sums = np.where(known, table, 0).sum(axis=0)
        return {name: (total / n, n) for name, total, n in zip(names, sums.tolist(), counts.tolist(), strict=True) if n}

    def scored(
        self, cell_set_id: int, main_scores: Sequence[float | None], payload: bytes | memoryview
    ) -> list[tuple[Cell, Mapping[str, Any]]]:
        content = zstandard.ZstdDecompressor().decompressobj().decompress(bytes(payload))
        found = stored_cells(content, self.facts)
        return [
            (cell, stored)
            for cell, score, stored in zip(self.cells[cell_set_id], main_scores, found, strict=True)
            if cell is not None and score is not None
        ]


def _laid_over(parts: Sequence[Sequence[tuple[Cell, Value]]]) -> list[Value]:
    scored = parts[0] if len(parts) == 1 else merge_parts(parts)
    return [value for _, value in scored]


def standard_errors(task: Task, result_ids: Collection[int]) -> dict[int, float]:
    """Result -> the standard error of its task score, for results whose files keep the scores of repeated runs."""
    if not may_repeat(task.type, task.main_score):
        return {}
    known = _errors.get(task.pk, dict)
    missing = [pk for pk in result_ids if pk not in known]
    if missing:
        reader = _Reader(task)
        files = TaskResult.objects.filter(pk__in=missing).values_list("pk", "cell_set_id", "main_scores", "payload")
        for pk, cell_set_id, main_scores, payload in files.iterator(_FILES_AT_ONCE):
            cells = reader.scored(cell_set_id, main_scores, payload)
            error = standard_error([repeated_scores(cell, task.main_score) for _, cell in cells])
            known[pk] = np.nan if error is None else error
    return {pk: error for pk in result_ids if not isnan(error := known.get(pk, np.nan))}
