"""Every metric that a result file holds, not only the main scores, cell by cell in the order of the file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from math import isfinite
from operator import itemgetter
from typing import Any

import numpy as np

from leaderboard.aggregation import Floats
from leaderboard.metrics import Family, explained
from leaderboard.result_files import TaskFacts, load_json, normalise

# Files round both to five or six digits.
_ROUNDING = 1e-3
_NOT_METRICS = frozenset({"hf_subset", "languages", "main_score", "evaluation_time", "mteb_version"})
_NUMBERS = frozenset({float, int, type(None)})
_REPEATED_FAMILIES = frozenset({Family.CLASSES, Family.CLUSTERS, Family.NUMBERS})
_RUN_ONCE = ("mining", "zeroshot")


def may_repeat(task_type: str, main_score: str) -> bool:
    """Whether files of such a task may hold repeated runs: where something is trained or drawn at random."""
    once = any(word in task_type.lower() for word in _RUN_ONCE)
    return not once and explained(main_score).family in _REPEATED_FAMILIES


def stored_cells(content: bytes, tasks: Mapping[str, TaskFacts]) -> list[Mapping[str, Any]]:
    """Everything that a file says of each cell, in the order in which `result_files.parse_result` reads them."""
    _, scores, _, _ = normalise(load_json(content), tasks)
    return [cell for cells in scores.values() for cell in cells]


def metric_values(cells: Sequence[Mapping[str, Any]]) -> tuple[list[str], Floats]:
    """The metrics that are numbers, and a table of them with a row for each cell, NaN where it has none."""
    names, values = _columns(cells)
    numbers = [
        (name, column)
        for name, column in zip(names, values, strict=True)
        if name not in _NOT_METRICS and {type(None)} != set(map(type, column)) <= _NUMBERS
    ]
    table = np.array([column for _, column in numbers], dtype=np.float64).reshape(len(numbers), len(cells)).T
    return [name for name, _ in numbers], np.where(np.isfinite(table), table, np.nan)


def metric_column(cells: Sequence[Mapping[str, Any]], name: str) -> Floats:
    """One metric of each cell, NaN where it has none."""
    values = [cell.get(name) for cell in cells]
    numbers = [value if value is not None and type(value) in _NUMBERS else np.nan for value in values]
    column = np.array(numbers, dtype=np.float64)
    return np.where(np.isfinite(column), column, np.nan)


def _columns(cells: Sequence[Mapping[str, Any]]) -> tuple[list[str], list[Sequence[Any]]]:
    """Mostly all cells have the same names, and a file may have a hundred thousand values."""
    if not cells:
        return [], []
    first = cells[0].keys()
    if len(first) > 1 and all(cell.keys() == first for cell in cells):
        return list(first), list(zip(*map(itemgetter(*first), cells), strict=True))
    names = list(dict.fromkeys(chain.from_iterable(cells)))
    return names, [[cell.get(name) for cell in cells] for name in names]


def repeated_scores(cell: Mapping[str, Any], main_score: str) -> list[float]:
    """The main score of each repeated run; nothing where the file has none or their mean is another score."""
    runs, mean = _runs(cell, main_score), cell["main_score"]
    if not runs or type(mean) not in _NUMBERS or mean is None or abs(sum(runs) / len(runs) - mean) > _ROUNDING:
        return []
    return runs


def _runs(cell: Mapping[str, Any], main_score: str) -> list[float]:
    """Classifiers are trained on several samples, each with all its scores; clusterings keep lists of V-measures."""
    experiments = cell.get("scores_per_experiment")
    if isinstance(experiments, list) and all(isinstance(scores, dict) for scores in experiments):
        return _finite([scores.get(main_score) for scores in experiments])
    measures = cell.get("v_measures") if main_score == "v_measure" else None
    if isinstance(measures, list):
        return _finite(measures)
    if isinstance(measures, dict) and all(isinstance(level, list) for level in measures.values()):
        return _finite(list(chain.from_iterable(measures.values())))
    return []


def _finite(values: Sequence[Any]) -> list[float]:
    """All of them as numbers, or nothing."""
    known = [float(value) for value in values if value is not None and type(value) in _NUMBERS and isfinite(value)]
    return known if len(known) == len(values) else []
