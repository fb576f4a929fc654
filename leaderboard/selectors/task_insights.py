"""What all results of a task together say about the task."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from leaderboard.aggregation import Floats
from leaderboard.memory import Kept
from leaderboard.models import Benchmark, Board, BoardRow, Scope, Task
from leaderboard.selectors.task_metrics import standard_errors
from leaderboard.selectors.tasks import TaskScore
from leaderboard.selectors.versions import data_version
from leaderboard.task_statistics import (
    Agreement,
    Separation,
    agreement,
    mean_of_others,
    relative_spread,
    reliability,
    separation,
)

_KEPT_TASKS = 500


@dataclass(frozen=True)
class Noise:
    """How certain scores are, from repeated runs; `reliability` is a share."""

    n_models: int
    median_error: float
    separation: Separation | None
    reliability: float | None


@dataclass(frozen=True)
class BoardAgreement:
    """How the task orders the models of a board that counts it, against the mean of the board's other tasks."""

    benchmark: Benchmark
    n_others: int
    agreement: Agreement
    relative_spread: float | None


_boards: Kept[list[BoardAgreement]] = Kept(_KEPT_TASKS)


def ranked_scores(scores: Sequence[TaskScore]) -> list[float]:
    """Those of complete results."""
    return [score.current.score for score in scores if score.rank is not None and score.current.score is not None]


def task_noise(task: Task, scores: Sequence[TaskScore]) -> Noise | None:
    """None where files keep no repeated runs. Results merged from several files are left out."""
    whole = [score.current for score in scores if score.rank is not None and score.current.n_parts == 1]
    errors_by_result = standard_errors(task, [current.result_id for current in whole])
    known = [
        (current.score, errors_by_result[current.result_id])
        for current in whole
        if current.result_id in errors_by_result and current.score is not None
    ]
    if not known:
        return None
    values, errors = np.array(known).T
    return Noise(len(known), float(np.median(errors)), separation(values, errors), reliability(values, errors))


def board_agreements(task: Task, scope: Scope) -> list[BoardAgreement]:
    """For every board with a column for the task, those on the menu first."""
    return _boards.get((task.pk, scope, data_version()), lambda: _board_agreements(task, scope))


def _board_agreements(task: Task, scope: Scope) -> list[BoardAgreement]:
    boards = (
        Board.objects.filter(scope=scope, task_names__contains=[task.name])
        .select_related("benchmark")
        .order_by("benchmark__menu_position", "benchmark__name")
    )
    rows: dict[int, list[list[float | None]]] = defaultdict(list)
    for board_id, scores in BoardRow.objects.filter(board__in=boards).values_list("board_id", "task_scores").iterator():
        rows[board_id].append(scores)
    return [_board_agreement(board, task.name, np.array(rows[board.pk], dtype=np.float64)) for board in boards]


def _board_agreement(board: Board, task_name: str, table: Floats) -> BoardAgreement:
    table = table.reshape(-1, len(board.task_names))
    column = board.task_names.index(task_name)
    others = np.delete(table, column, axis=1)
    return BoardAgreement(
        board.benchmark,
        int(np.count_nonzero(np.any(~np.isnan(others), axis=0))),
        agreement(table[:, column], mean_of_others(table, column)),
        relative_spread(table, column),
    )
