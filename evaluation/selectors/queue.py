"""The queue as a whole: what waits, who works, and since when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Count, Max, Min
from django.db.models.functions import Now

from evaluation.models import EvaluationRun, EvaluationUnit, Lane, QueuePause, Worker
from evaluation.selectors.finish_times import FinishTime, finish_times
from evaluation.selectors.pauses import current_pause
from evaluation.selectors.runs import recent_runs, runs_with_progress, unfinished_runs
from evaluation.selectors.workers import WorkerState, worker_states


@dataclass(frozen=True)
class LaneDepth:
    lane: str
    queued: int
    running: int


@dataclass(frozen=True)
class QueuedRun:
    run: Any
    finish: FinishTime | None


@dataclass(frozen=True)
class QueueOverview:
    """`oldest` is when the run was asked for that has waited longest without having been begun."""

    unfinished: list[QueuedRun]
    recent: list[Any]
    workers: list[WorkerState]
    worker_seen: datetime | None
    lanes: list[LaneDepth]
    oldest: datetime | None
    pause: QueuePause | None


def queue_overview() -> QueueOverview:
    finish = finish_times()
    queue = settings.EVALUATION_QUEUE
    return QueueOverview(
        unfinished=[QueuedRun(run, finish.get(run.pk)) for run in runs_with_progress(unfinished_runs())],
        recent=list(recent_runs()),
        workers=[one for one in worker_states() if one.worker.queue == queue],
        worker_seen=Worker.objects.filter(queue=queue).aggregate(last=Max("last_seen"))["last"],
        lanes=lane_depths(),
        oldest=oldest_waiting(),
        pause=current_pause(),
    )


def lane_depths() -> list[LaneDepth]:
    """How many tasks wait and are at work, of each lane in the order in which they are served."""
    counts = units_by_lane_and_state()
    state = EvaluationUnit.State
    return [
        LaneDepth(str(lane.label), counts.get((lane, state.QUEUED), 0), counts.get((lane, state.RUNNING), 0))
        for lane in sorted(Lane, reverse=True)
    ]


def units_by_lane_and_state() -> dict[tuple[int, str], int]:
    """Of the unfinished tasks."""
    rows = EvaluationUnit.objects.unfinished().order_by().values_list("run__lane", "state").annotate(n=Count("pk"))
    return {(lane, state): n for lane, state, n in rows}


def oldest_waiting() -> datetime | None:
    waiting = EvaluationRun.objects.filter(state=EvaluationRun.State.QUEUED)
    oldest: datetime | None = waiting.aggregate(oldest=Min("created_at"))["oldest"]
    return oldest


def n_leases_past_due() -> int:
    """Tasks whose worker has been silent for too long and that nobody has taken over yet."""
    return EvaluationUnit.objects.filter(state=EvaluationUnit.State.RUNNING, lease_until__lt=Now()).count()
