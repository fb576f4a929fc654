"""What a result says of its task."""

from __future__ import annotations

from evaluation.models import EvaluationUnit, WithheldResult
from leaderboard.models import TaskResult


def unit_score(unit: EvaluationUnit) -> float | None:
    """The score of a finished unit, published or not: whoever shows it has asked who is looking."""
    outcome = unit.result or unit.withheld_result
    return task_score(outcome) if outcome else None


def task_score(result: TaskResult | WithheldResult) -> float | None:
    """The board's score of a task: the mean of the cells that have one, summed in the order of the file."""
    scores = [score for score in result.main_scores if score is not None]
    total = 0.0
    for score in scores:
        total += score
    return total / len(scores) if scores else None


def scores_by_cell(result: TaskResult) -> dict[str, dict[str, float | None]]:
    """{split: {subset: main score}}; of a cell that the file has twice, the last."""
    cells = result.cell_set
    scores: dict[str, dict[str, float | None]] = {}
    for split, subset, score in zip(cells.splits, cells.subsets, result.main_scores, strict=True):
        scores.setdefault(split, {})[subset] = score
    return scores
