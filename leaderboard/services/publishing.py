"""Showing what counts now, after results came or what is held against them changed."""

from __future__ import annotations

from collections.abc import Collection

from leaderboard.models import Benchmark, Scope
from leaderboard.services.boards import publish_boards
from leaderboard.services.currency import Key, choose_current_results
from leaderboard.services.languages import publish_languages
from leaderboard.services.task_rows import publish_task_rows


def publish_pairs(keys: Collection[Key]) -> None:
    """Decide anew what counts for these (task, variant) pairs, and compute all that shows it.

    Belongs into a transaction that holds the lock of publishing. The official scope never changes by this.
    """
    choose_current_results(only=sorted(keys))
    tasks = sorted({task_id for task_id, _ in keys})
    publish_task_rows(tasks=tasks)
    publish_languages(tasks=tasks)
    counting = Benchmark.objects.filter(benchmark_tasks__task__in=tasks).distinct()
    publish_boards(benchmarks=counting, scopes=[Scope.ALL])
