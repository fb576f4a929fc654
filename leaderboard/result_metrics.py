"""Every metric that a result file holds, not only the main scores, cell by cell in the order of the file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from math import isfinite
from typing import Any

from leaderboard.result_files import TaskFacts, load_json, normalise

# Files round both to five or six digits.
_ROUNDING = 1e-3
_NOT_METRICS = frozenset({"hf_subset", "languages", "main_score", "evaluation_time", "mteb_version"})


@dataclass(frozen=True, slots=True)
class CellMetrics:
    """The metrics of a cell that are numbers, and the main score of each repeated run where the file has these."""

    metrics: dict[str, float]
    repeated: list[float]


def cell_metrics(content: bytes, tasks: Mapping[str, TaskFacts], main_score: str) -> list[CellMetrics]:
    """As `result_files.parse_result` reads the same file: the same cells in the same order."""
    _, scores, _, _ = normalise(load_json(content), tasks)
    return [
        CellMetrics(_numbers(entry), _repeated(entry, main_score)) for entries in scores.values() for entry in entries
    ]


def _numbers(entry: Mapping[str, Any]) -> dict[str, float]:
    return {
        name: float(value)
        for name, value in entry.items()
        if type(value) in (float, int) and isfinite(value) and name not in _NOT_METRICS
    }


def _repeated(entry: Mapping[str, Any], main_score: str) -> list[float]:
    """Nothing unless the mean of the runs is the main score."""
    runs = _runs(entry, main_score)
    mean = entry["main_score"]
    if not runs or type(mean) not in (float, int) or abs(sum(runs) / len(runs) - mean) > _ROUNDING:
        return []
    return runs


def _runs(entry: Mapping[str, Any], main_score: str) -> list[float]:
    """Classifiers are trained on several samples, each with all its scores; clusterings keep lists of V-measures."""
    experiments = entry.get("scores_per_experiment")
    if isinstance(experiments, list) and all(isinstance(scores, dict) for scores in experiments):
        return _finite([scores.get(main_score) for scores in experiments])
    measures = entry.get("v_measures") if main_score == "v_measure" else None
    if isinstance(measures, list):
        return _finite(measures)
    if isinstance(measures, dict) and all(isinstance(level, list) for level in measures.values()):
        return _finite(list(chain.from_iterable(measures.values())))
    return []


def _finite(values: Sequence[Any]) -> list[float]:
    """All of them as numbers, or nothing."""
    known = [float(value) for value in values if type(value) in (float, int) and isfinite(value)]
    return known if len(known) == len(values) else []
