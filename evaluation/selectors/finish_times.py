"""When runs are expected to have ended."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Avg, DurationField, ExpressionWrapper, F, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from evaluation.models import EvaluationRun, EvaluationUnit
from evaluation.pace import Piece, pace, remaining_seconds, side_by_side
from evaluation.selectors.pauses import queue_is_paused
from evaluation.selectors.runs import unfinished_runs
from evaluation.selectors.workers import workers_alive


@dataclass(frozen=True)
class FinishTime:
    """`waiting` until a worker is free for the run, then `working`. Rough: some tasks were never estimated."""

    waiting: timedelta
    working: timedelta
    finish_at: datetime
    is_rough: bool


def finish_time(run: EvaluationRun) -> FinishTime | None:
    """None where nobody can say: the run has ended, nobody works, the queue is paused, or no task is estimated."""
    return None if run.is_finished else finish_times().get(run.pk)


def finish_times() -> dict[int, FinishTime]:
    """Of the unfinished runs that somebody can say it of, by the id of the run: they are taken one after another."""
    places = workers_alive(settings.EVALUATION_QUEUE).count() * settings.EVALUATION_WORKERS
    if not places or queue_is_paused():
        return {}
    works = _remaining_work(unfinished_runs())
    now, before, is_rough = timezone.now(), 0.0, False
    times = {}
    for run_id, work in works.items():
        is_rough = is_rough or work.is_rough
        if work.seconds is not None:
            waiting = timedelta(seconds=before / places)
            working = timedelta(seconds=side_by_side(work.seconds, places))
            times[run_id] = FinishTime(waiting, working, now + waiting + working, is_rough)
            before += sum(work.seconds)
    return times


@dataclass(frozen=True)
class _Work:
    """What is left of a run, task by task; None where none of its tasks was estimated."""

    seconds: list[float] | None
    is_rough: bool


def _remaining_work(runs: QuerySet[EvaluationRun]) -> dict[int, _Work]:
    """By the id of the run, in the order of `runs`."""
    run_ids = list(runs.values_list("pk", flat=True))
    units: dict[int, list[EvaluationUnit]] = defaultdict(list)
    for unit in (
        EvaluationUnit.objects.filter(run__in=run_ids)
        .annotate(elapsed=ExpressionWrapper(Now() - F("started_at"), output_field=DurationField()))
        .only("run_id", "task_id", "state", "started_at", "finished_at", "estimated_seconds")
    ):
        units[unit.run_id].append(unit)
    usual = usual_seconds({unit.task_id for of in units.values() for unit in of})
    return {run_id: _work(units[run_id], usual) for run_id in run_ids}


def _work(units: Iterable[EvaluationUnit], usual: dict[int, float]) -> _Work:
    finished, pieces = [], []
    for unit in units:
        estimated = unit.estimated_seconds or usual.get(unit.task_id)
        if not unit.is_finished:
            pieces.append(Piece(estimated, _elapsed(unit)))
        elif unit.state == unit.State.DONE and estimated is not None and unit.started_at and unit.finished_at:
            finished.append((estimated, (unit.finished_at - unit.started_at).total_seconds()))
    return _Work(remaining_seconds(pieces, pace(finished)), any(piece.estimated is None for piece in pieces))


def _elapsed(unit: EvaluationUnit) -> float:
    elapsed: timedelta | None = getattr(unit, "elapsed", None)
    return elapsed.total_seconds() if elapsed and unit.state == unit.State.RUNNING else 0.0


def usual_seconds(task_ids: Iterable[int]) -> dict[int, float]:
    """What evaluating a task has taken here on average, by the task's id; of tasks that were evaluated here."""
    done = EvaluationUnit.objects.filter(task__in=task_ids, evaluation_time__isnull=False)
    return dict(done.order_by().values_list("task_id").annotate(Avg("evaluation_time")))
