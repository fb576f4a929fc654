"""The task types, and how models stand in each."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Count

from leaderboard.memory import Kept
from leaderboard.models import BenchmarkTask, Scope, Task, TaskRow
from leaderboard.selectors.language_boards import BoardShare, shares
from leaderboard.selectors.pool_boards import PoolBoard, pool_board
from leaderboard.selectors.versions import data_version
from leaderboard.task_pools import PoolTask
from leaderboard.task_types import type_label, type_text


@dataclass(frozen=True, slots=True)
class TypeEntry:
    """A task type: its tasks, those of them with results, and the models that have some."""

    name: str
    label: str
    what: str
    n_tasks: int
    n_run: int
    n_models: int


_entries: Kept[list[TypeEntry]] = Kept(len(Scope))
_boards: Kept[PoolBoard | None] = Kept(8)


def type_entries(scope: Scope) -> list[TypeEntry]:
    """Every task type, those with most tasks first; kept in memory until the data change."""
    return _entries.get((scope, data_version()), lambda: _type_entries(scope))


def _type_entries(scope: Scope) -> list[TypeEntry]:
    rows = TaskRow.objects.in_scope(scope).order_by().values("task__type")
    rows = rows.annotate(n_run=Count("task", distinct=True), n_models=Count("model_meta", distinct=True))
    results: dict[str, Any] = {row["task__type"]: row for row in rows}
    tasks = Task.objects.order_by().values_list("type").annotate(n=Count("pk"))
    return [
        TypeEntry(
            name=name,
            label=type_label(name),
            what=text.what if (text := type_text(name)) else "",
            n_tasks=n,
            n_run=results.get(name, {}).get("n_run", 0),
            n_models=results.get(name, {}).get("n_models", 0),
        )
        for name, n in sorted(tasks, key=lambda row: (-row[1], row[0]))
    ]


def type_board(scope: Scope, name: str, query: str = "") -> PoolBoard | None:
    """The models that a query text leaves over the type's tasks; None where nobody has a result. Raises QueryError.

    The last ones asked for are kept.
    """
    return _boards.get((scope, name, query, data_version()), lambda: pool_board(_pool_tasks(scope, name), scope, query))


def _pool_tasks(scope: Scope, name: str) -> list[PoolTask]:
    rows = TaskRow.objects.in_scope(scope).filter(task__type=name, rank__isnull=False, experiment_id="").order_by()
    lists = rows.values_list("task").annotate(
        models=ArrayAgg("model_meta", order_by="model_meta"), scores=ArrayAgg("score", order_by="model_meta")
    )
    return [PoolTask(*row) for row in lists]


def boards_with_type(name: str) -> list[BoardShare]:
    """The boards that count tasks of the type, those with most of them first."""
    entries = BenchmarkTask.objects.filter(task__type=name, benchmark__boards__isnull=False).order_by()
    return shares(Counter(dict(entries.values_list("benchmark").annotate(n=Count("task", distinct=True)))))


def main_scores(name: str) -> list[tuple[str, int]]:
    """(metric, number of the type's tasks that it is the main score of), the most frequent first."""
    rows = Task.objects.filter(type=name).order_by().values_list("main_score").annotate(n=Count("pk"))
    return sorted(rows, key=lambda row: -row[1])
