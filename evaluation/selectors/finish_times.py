"""When runs are expected to have ended."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.cache import caches
from django.db.models import DurationField, ExpressionWrapper, F, Prefetch, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from evaluation.models import EvaluationRun, EvaluationUnit
from evaluation.pace import Piece, pace, remaining_seconds, side_by_side
from evaluation.selectors.estimates import MeasuredTimes, measured_times
from evaluation.selectors.pauses import queue_is_paused
from evaluation.selectors.runs import unfinished_runs
from evaluation.selectors.workers import workers_alive

KEPT_SECONDS = 5
"""Pages of runs ask every few seconds, and all of them for the same."""
CACHE_KEY = "remaining-work"


@dataclass(frozen=True)
class FinishTime:
    """`waiting` until a worker is free for the run, then `working`. Rough: some tasks were never estimated."""

    waiting: timedelta
    working: timedelta
    finish_at: datetime
    is_rough: bool


def finish_time(run: EvaluationRun) -> FinishTime | None:
    """None where nobody can say: the run has ended, nobody works, the queue is paused, or no task is estimated."""
    return None if run.is_finished else finish_times(with_run=run.pk).get(run.pk)


def finish_times(with_run: int | None = None) -> dict[int, FinishTime]:
    """Of the unfinished runs that somebody can say it of, by the id of the run: they are taken one after another.

    They may be some seconds old, but know of `with_run`.
    """
    places = workers_alive(settings.EVALUATION_QUEUE).count() * settings.EVALUATION_WORKERS
    if not places or queue_is_paused():
        return {}
    works: dict[int, _Work] | None = caches["process"].get(CACHE_KEY)
    if works is None or (with_run is not None and with_run not in works):
        works = _remaining_work(unfinished_runs())
        caches["process"].set(CACHE_KEY, works, KEPT_SECONDS)
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
    """By the id of the run, in the order of `runs`; a handful of queries, however many runs there are."""
    units = (
        EvaluationUnit.objects.annotate(
            elapsed=ExpressionWrapper(Now() - F("started_at"), output_field=DurationField())
        )
        .only("run_id", "task_id", "state", "started_at", "finished_at", "estimated_seconds")
        .order_by("pk")
    )
    found: list[Any] = list(
        runs.select_related("model_meta").prefetch_related(Prefetch("units", units, to_attr="units_in_order"))
    )
    unknown = {unit.task_id for run in found for unit in run.units_in_order if unit.estimated_seconds is None}
    measured = measured_times(unknown)
    return {run.pk: _work(run.units_in_order, _estimates(run, measured)) for run in found}


def _estimates(run: Any, measured: MeasuredTimes) -> dict[int, float | None]:
    """What each unit was estimated at when it was queued, else what is known now."""
    return {
        unit.pk: unit.estimated_seconds or measured.seconds(unit.task_id, run.model_meta) for unit in run.units_in_order
    }


def _work(units: Iterable[EvaluationUnit], estimates: Mapping[int, float | None]) -> _Work:
    finished, pieces = [], []
    for unit in units:
        estimated = estimates[unit.pk]
        if not unit.is_finished:
            pieces.append(Piece(estimated, _elapsed(unit)))
        elif unit.state == unit.State.DONE and estimated is not None and unit.started_at and unit.finished_at:
            finished.append((estimated, (unit.finished_at - unit.started_at).total_seconds()))
    return _Work(remaining_seconds(pieces, pace(finished)), any(piece.estimated is None for piece in pieces))


def _elapsed(unit: EvaluationUnit) -> float:
    elapsed: timedelta | None = getattr(unit, "elapsed", None)
    return elapsed.total_seconds() if elapsed and unit.state == unit.State.RUNNING else 0.0
