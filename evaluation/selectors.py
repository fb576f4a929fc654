"""Reads of the machine room: how runs are doing, and who works on them."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Count, Prefetch, Q, QuerySet
from django.db.models.functions import Now

from evaluation.models import EvaluationRun, EvaluationUnit, Worker
from leaderboard.models import Benchmark, ModelMeta, Task, TaskResult

ALIVE_WITHIN = timedelta(seconds=20)


@dataclass(frozen=True)
class UnitCells:
    """Which cells of a task a unit evaluates; None: all that the task has by default."""

    eval_splits: list[str] | None = None
    hf_subsets: list[str] | None = None


@dataclass(frozen=True)
class RunProgress:
    queued: int
    running: int
    done: int
    failed: int
    cancelled: int

    @property
    def total(self) -> int:
        return self.queued + self.running + self.done + self.failed + self.cancelled

    @property
    def finished(self) -> int:
        return self.done + self.failed + self.cancelled

    @property
    def percent(self) -> int:
        return 100 * self.finished // self.total if self.total else 0


def run_progress(run: EvaluationRun) -> RunProgress:
    """How many units of the run are in which state."""
    states = [state.value for state in EvaluationUnit.State]
    counts = run.units.aggregate(**{state: Count("pk", filter=Q(state=state)) for state in states})
    return RunProgress(**counts)


def queue_place(run: EvaluationRun) -> int | None:
    """1 for the run that is next or at work; None once it is finished."""
    if run.is_finished:
        return None
    ahead = unfinished_runs().filter(Q(priority__gt=run.priority) | Q(priority=run.priority, pk__lt=run.pk))
    return ahead.count() + 1


def unfinished_runs() -> QuerySet[EvaluationRun]:
    """Runs in the order in which workers take them."""
    unfinished = [EvaluationRun.State.QUEUED, EvaluationRun.State.RUNNING]
    return EvaluationRun.objects.filter(state__in=unfinished).order_by("-priority", "pk")


def runs_with_progress(runs: QuerySet[EvaluationRun]) -> QuerySet[EvaluationRun]:
    """Each run with `n_units`, `n_finished` and `n_failed`, in one query with its model."""
    finished = [EvaluationUnit.State.DONE, EvaluationUnit.State.FAILED, EvaluationUnit.State.CANCELLED]
    return runs.select_related("model_meta").annotate(
        n_units=Count("units"),
        n_finished=Count("units", filter=Q(units__state__in=finished)),
        n_failed=Count("units", filter=Q(units__state=EvaluationUnit.State.FAILED)),
    )


def recent_runs(limit: int = 20) -> QuerySet[EvaluationRun]:
    """The runs that finished last."""
    finished = EvaluationRun.objects.filter(state__in=EvaluationRun.FINISHED_STATES)
    return runs_with_progress(finished.order_by("-finished_at"))[:limit]


def run_units(run: EvaluationRun) -> list[EvaluationUnit]:
    """The run's units with task and result, without the logs (they are long)."""
    units = run.units.select_related("task", "result__cell_set").defer("log", "result__payload")
    return list(units.order_by("pk"))


def unit_for_log(run: EvaluationRun) -> EvaluationUnit | None:
    """The unit whose log says most about how the run is doing: the one at work, else the last that was tried."""
    started = run.units.filter(started_at__isnull=False).select_related("task")
    running = started.filter(state=EvaluationUnit.State.RUNNING)
    return running.order_by("-started_at").first() or started.order_by("-started_at").first()


def workers_alive(queue: str | None = None) -> QuerySet[Worker]:
    """Workers that gave a sign of life lately and still take work."""
    alive = Worker.objects.filter(last_seen__gt=Now() - ALIVE_WITHIN, draining=False, stopped_at__isnull=True)
    return alive.filter(queue=queue) if queue else alive


@dataclass(frozen=True)
class WorkerState:
    """A worker, whether it is running, draining, silent or stopped, and the units that it has under a lease."""

    worker: Worker
    state: str
    units: list[EvaluationUnit]


def worker_states(*, everybody: bool = False) -> list[WorkerState]:
    """The workers that gave a sign of life lately, with `everybody` all that ever were; the last seen first."""
    workers = Worker.objects.annotate(fresh=Q(last_seen__gt=Now() - ALIVE_WITHIN)).order_by("-last_seen", "-pk")
    if not everybody:
        workers = workers.filter(fresh=True, stopped_at__isnull=True)
    at_work = EvaluationUnit.objects.filter(state=EvaluationUnit.State.RUNNING).select_related("task")
    units = Prefetch("units", at_work.defer("log").order_by("pk"), to_attr="units_at_work")
    return [
        WorkerState(one, _state(one, fresh=one.fresh), one.units_at_work) for one in workers.prefetch_related(units)
    ]


def _state(worker: Worker, *, fresh: bool) -> str:
    if worker.stopped_at:
        return "stopped"
    if not fresh:
        return "silent"
    return "draining" if worker.draining else "running"


def task_score(result: TaskResult) -> float | None:
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


def cells_of_benchmarks(benchmarks: Sequence[Benchmark]) -> dict[Task, UnitCells]:
    """The tasks of the benchmarks in their order, each with all the cells that any of the benchmarks counts."""
    cells: dict[Task, tuple[list[str], list[str]]] = {}
    for benchmark in benchmarks:
        for counted in benchmark.benchmark_tasks.select_related("task").order_by("position"):
            splits, subsets = cells.setdefault(counted.task, ([], []))
            _extend(splits, counted.splits)
            _extend(subsets, counted.subsets)
    return {task: _narrowed(task, splits, subsets) for task, (splits, subsets) in cells.items()}


def _extend(known: list[str], more: Iterable[str]) -> None:
    known.extend(dict.fromkeys(value for value in more if value not in known))


def _narrowed(task: Task, splits: list[str], subsets: list[str]) -> UnitCells:
    return UnitCells(
        eval_splits=None if set(splits) == set(task.eval_splits) else splits,
        hf_subsets=None if set(subsets) == set(task.hf_subsets) else subsets,
    )


def close_task_names(name: str) -> list[str]:
    return _close(name, Task.objects.values_list("name", flat=True))


def close_benchmark_names(name: str) -> list[str]:
    return _close(name, Benchmark.objects.values_list("name", flat=True))


def close_model_names(name: str) -> list[str]:
    return _close(name, ModelMeta.objects.values_list("name", flat=True))


def _close(name: str, names: Iterable[str]) -> list[str]:
    """Up to three names that look like it, upper and lower case alike."""
    by_lower = {known.lower(): known for known in names}
    return [by_lower[match] for match in difflib.get_close_matches(name.lower(), by_lower, n=3, cutoff=0.6)]
