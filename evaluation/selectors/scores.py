"""What a result says of its task."""

from __future__ import annotations

import zstandard

from evaluation.models import EvaluationUnit, WithheldResult
from leaderboard.models import TaskResult
from leaderboard.result_files import TaskFacts, parse_result


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


def unit_cells(unit: EvaluationUnit) -> list[tuple[str, str, float | None]]:
    """(split, subset, main score) of what a finished unit gave, published or not, in the order of the file."""
    if unit.result is not None:
        cells, scores = unit.result.cell_set, unit.result.main_scores
        return list(zip(cells.splits, cells.subsets, scores, strict=True))
    if unit.withheld_result is None:
        return []
    content, task = zstandard.decompress(unit.withheld_result.payload), unit.task
    parsed = parse_result(content, {task.name: TaskFacts(task.main_score, task.eval_langs)})
    return list(zip(parsed.splits, parsed.subsets, parsed.main_scores, strict=True))


def scores_by_cell(result: TaskResult) -> dict[str, dict[str, float | None]]:
    """{split: {subset: main score}}; of a cell that the file has twice, the last."""
    cells = result.cell_set
    scores: dict[str, dict[str, float | None]] = {}
    for split, subset, score in zip(cells.splits, cells.subsets, result.main_scores, strict=True):
        scores.setdefault(split, {})[subset] = score
    return scores
