"""What a task page asks: who counts the task, and every model's current result on it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, QuerySet

from leaderboard.cell_means import whole_task
from leaderboard.models import Benchmark, BenchmarkTask, CurrentResult, Scope, Task, TaskResult
from leaderboard.selectors.results import CurrentScore, current_scores


@dataclass(frozen=True)
class TaskScore:
    """A place in the table of a task. A result that misses cells of the task is incomplete and has no rank."""

    current: CurrentScore
    of_cells: int
    rank: int | None
    n_results: int


def task_scores(task: Task, scope: Scope) -> list[TaskScore]:
    """Complete results first, best first; then incomplete ones; then those without a score."""
    scores = current_scores(CurrentResult.objects.filter(task=task), scope)
    of_cells = whole_task(cell for score in scores for cell in score.cells)
    ranks = _ranks(score.score for score in scores if score.n_cells >= of_cells)
    n_results = _results_per_model(task)
    rows = [
        TaskScore(
            current=score,
            of_cells=of_cells,
            rank=ranks.get(score.score) if score.n_cells >= of_cells else None,
            n_results=n_results[score.model_id],
        )
        for score in scores
    ]
    return sorted(rows, key=_place)


def _ranks(scores: Iterable[float | None]) -> dict[float | None, int]:
    """Score -> rank, highest first; equal scores share the best number."""
    ranks: dict[float | None, int] = {}
    known = sorted((score for score in scores if score is not None), reverse=True)
    for place, score in enumerate(known, start=1):
        ranks.setdefault(score, place)
    return ranks


def _place(row: TaskScore) -> tuple[bool, bool, float]:
    score = row.current.score
    return row.rank is None, score is None, -(score or 0.0)


def _results_per_model(task: Task) -> dict[int, int]:
    rows = TaskResult.objects.filter(task=task).values_list("model_revision__model_meta").annotate(n=Count("pk"))
    return dict(rows.order_by())


def benchmarks_counting(task: Task) -> QuerySet[Benchmark]:
    """Benchmarks that count the task, those on the menu first."""
    return Benchmark.objects.filter(benchmark_tasks__task=task).order_by("menu_position", "name")


def tasks_of(benchmark: Benchmark) -> QuerySet[BenchmarkTask]:
    """By task type. Of the tasks only names are loaded: their statistics are large."""
    entries = BenchmarkTask.objects.filter(benchmark=benchmark).select_related("task")
    return entries.only("position", "task__name", "task__type").order_by("task__type", "position")
