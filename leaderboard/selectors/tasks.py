"""What a task page asks: the task's facts, who counts it, and every model's current result on it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np
from django.db.models import Count, F, Func, IntegerField, Max, Min, Q, QuerySet

from leaderboard.metrics import explained
from leaderboard.models import Benchmark, BenchmarkTask, Scope, Task, TaskResult, TaskRow, TaskVersion
from leaderboard.percentiles import percentiles
from leaderboard.selectors.results import CurrentScore
from leaderboard.selectors.task_metrics import metric_table
from leaderboard.staleness import is_outdated, same_revision
from leaderboard.task_statistics import competition_ranks

UNKNOWN_REVISION = "unknown"
"""How an address names results that do not say their dataset revision."""


@dataclass(frozen=True)
class TaskScore:
    """A place in the table of a task. A result that misses cells of the task is incomplete and has no rank."""

    current: CurrentScore
    of_cells: int
    rank: int | None
    percentile: float | None
    n_results: int


@dataclass(frozen=True)
class DatasetRevision:
    """A revision of the dataset as results name it, None where they do not say.

    `n_results` counts all stored results, `n_current` those that count now. Dates are those that results give.
    """

    name: str | None
    is_registrys: bool
    n_results: int = 0
    n_models: int = 0
    n_current: int = 0
    first: datetime | None = None
    last: datetime | None = None

    @property
    def parameter(self) -> str:
        """How an address asks for the results made on it."""
        return self.name or UNKNOWN_REVISION


class Cardinality(Func):
    function = "cardinality"
    output_field = IntegerField()


_LARGE = ("descriptive_stats", "eval_langs", "hf_subsets", "definition")


def light_tasks() -> QuerySet[Task]:
    """Tasks without what may take megabytes, with `n_subsets` instead."""
    return Task.objects.defer(*_LARGE).annotate(n_subsets=Cardinality("hf_subsets"))


_FIELDS = (
    "result_id",
    "model_meta_id",
    "model_meta__name",
    "experiment_id",
    "score",
    "n_cells",
    "of_cells",
    "n_parts",
    "rank",
    "percentile",
    "result__model_revision__name",
    "result__dataset_revision",
    "result__mteb_version",
    "result__date",
    "result__source__kind",
    "result__source__name",
)


def task_scores(task: Task, scope: Scope) -> list[TaskScore]:
    """Complete results first, best first; then incomplete ones; then those without a score."""
    rows = TaskRow.objects.in_scope(scope).filter(task=task).order_by("model_meta__name", "experiment_id")
    n_results = _results_per_model(task)
    scores = [_task_score(task, row, n_results) for row in rows.values_list(*_FIELDS, named=True)]
    return sorted(scores, key=_place)


def _task_score(task: Task, row: Any, n_results: dict[int, int]) -> TaskScore:
    current = CurrentScore(
        result_id=row.result_id,
        model_id=row.model_meta_id,
        model_name=row.model_meta__name,
        experiment_id=row.experiment_id,
        task_name=task.name,
        task_type=task.type,
        score=row.score,
        n_cells=row.n_cells,
        n_parts=row.n_parts,
        model_revision=row.result__model_revision__name,
        dataset_revision=row.result__dataset_revision,
        mteb_version=row.result__mteb_version,
        date=row.result__date,
        origin=row.result__source__kind,
        source=row.result__source__name,
    )
    return TaskScore(current, row.of_cells, row.rank, row.percentile, n_results.get(row.model_meta_id, 1))


def _place(row: TaskScore) -> tuple[bool, int, bool, float]:
    score = row.current.score
    return row.rank is None, row.rank or 0, score is None, -(score or 0.0)


def _results_per_model(task: Task) -> dict[int, int]:
    rows = TaskResult.objects.filter(task=task).values_list("model_revision__model_meta").annotate(n=Count("pk"))
    return dict(rows.order_by())


def scores_by_metric(task: Task, scope: Scope, scores: Sequence[TaskScore], metric: str) -> list[TaskScore] | None:
    """The same rows with the mean of another stored metric over the same cells; None if no result has the metric.

    Complete is who has it for all cells of the task. Where no direction is known to be better nobody is ranked.
    """
    table = metric_table(task, scope)
    if metric not in table.names:
        return None
    column = table.names.index(metric)
    place = [table.row_of[score.current.model_id, score.current.experiment_id] for score in scores]
    means, n_cells = table.means[place, column], table.n_cells[place, column]
    complete = n_cells >= np.array([score.of_cells for score in scores])
    sign = {True: 1, False: -1, None: np.nan}[explained(metric).higher_is_better]
    ranked = np.where(complete, means * sign, np.nan)
    found = [
        replace(
            score,
            current=replace(score.current, score=_known(mean), n_cells=n),
            rank=None if np.isnan(rank) else int(rank),
            percentile=_known(percentile),
        )
        for score, mean, n, rank, percentile in zip(
            scores, means.tolist(), n_cells.tolist(), competition_ranks(ranked), percentiles(ranked), strict=True
        )
    ]
    return sorted(found, key=_place)


def _known(number: float) -> float | None:
    return None if np.isnan(number) else float(number)


def of_revision(scores: Iterable[TaskScore], revision: str) -> list[TaskScore]:
    """Those made on a revision of the dataset; `unknown` asks for those that do not say."""
    wanted = None if revision == UNKNOWN_REVISION else revision
    return [score for score in scores if (score.current.dataset_revision or None) == wanted]


def dataset_revisions(task: Task, scope: Scope) -> list[DatasetRevision]:
    """Every revision that results name, the one seen last first; the registry's is there even without results."""
    counting = Q(**{f"current__{scope}_part__isnull": False})
    found = (
        TaskResult.objects.filter(task=task)
        .values("dataset_revision")
        .annotate(
            n_results=Count("pk"),
            n_models=Count("model_revision__model_meta", distinct=True),
            n_current=Count("pk", filter=counting),
            first=Min("date"),
            last=Max("date"),
        )
        .order_by(F("last").desc(nulls_last=True), F("n_results").desc())
    )
    revisions = [
        DatasetRevision(
            name=row["dataset_revision"] or None,
            is_registrys=same_revision(row["dataset_revision"], task.dataset_revision),
            **{name: row[name] for name in ("n_results", "n_models", "n_current", "first", "last")},
        )
        for row in found
    ]
    if task.dataset_revision and not any(revision.is_registrys for revision in revisions):
        revisions.insert(0, DatasetRevision(task.dataset_revision, is_registrys=True))
    return revisions


def is_stale(dataset_revision: str | None, task: Task) -> bool:
    """Whether a result was made on another revision of the dataset than the registry names now."""
    return is_outdated(dataset_revision, task.dataset_revision)


def task_versions(task: Task) -> QuerySet[TaskVersion]:
    """The states that a custom task's data have had, the newest first; none for a task of mteb."""
    return task.versions.all()


def benchmark_entries(task: Task) -> QuerySet[BenchmarkTask]:
    """How benchmarks count the task, those on the menu first. Of their cells only the numbers are loaded."""
    entries = BenchmarkTask.objects.filter(task=task).select_related("benchmark")
    return (
        entries.annotate(n_splits=Cardinality("splits"), n_subsets=Cardinality("subsets"))
        .defer("subsets")
        .order_by("benchmark__menu_position", "benchmark__name")
    )


def relatives_of(task: Task) -> dict[str, Task]:
    """The tasks that this one names: which it was adapted from, which takes its place."""
    names = [*task.adapted_from, *([task.superseded_by] if task.superseded_by else [])]
    return {found.name: found for found in Task.objects.filter(name__in=names).only("name")}


def tasks_of(benchmark: Benchmark) -> QuerySet[BenchmarkTask]:
    """By task type. Of the tasks only names are loaded: their statistics are large."""
    entries = BenchmarkTask.objects.filter(benchmark=benchmark).select_related("task")
    return entries.only("position", "task__name", "task__type").order_by("task__type", "position")
