"""Whether a run goes on, told honestly: who works, when there last was a sign of life, and what stands in the way."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Max, Min, Q
from django.db.models.functions import Now

from evaluation.models import EvaluationRun, EvaluationUnit, QueuePause, Worker
from evaluation.selectors.pauses import current_pause
from evaluation.selectors.workers import workers_alive, workers_that_claim


@dataclass(frozen=True)
class Signs:
    """`last_beat` is when a worker last spoke of this run, `worker_seen` when any worker last gave a sign of life.

    `fits` says whether one of the workers can take what waits. `resting` are the workers where all of them rest.
    `silent` are tasks whose worker has been silent for
    longer than its lease: nobody works on them. `next_try_at` is set where nothing of the run can be done before.
    """

    pause: QueuePause | None
    n_workers: int
    fits: bool
    resting: list[Worker]
    worker_seen: datetime | None
    last_beat: datetime | None
    silent: list[EvaluationUnit]
    next_try_at: datetime | None


def signs_of(run: EvaluationRun) -> Signs | None:
    """None for a run that has ended."""
    if run.is_finished:
        return None
    queue = settings.EVALUATION_QUEUE
    running = run.units.filter(state=EvaluationUnit.State.RUNNING)
    lease = timedelta(seconds=settings.EVALUATION_LEASE_SECONDS)
    workers = list(workers_alive(queue))
    lease_until = running.aggregate(last=Max("lease_until"))["last"]
    return Signs(
        pause=current_pause(),
        n_workers=len(workers),
        fits=not workers or any(run.units.unfinished().fitting(worker).exists() for worker in workers),
        resting=_all_resting(workers),
        worker_seen=Worker.objects.filter(queue=queue).aggregate(last=Max("last_seen"))["last"],
        last_beat=lease_until - lease if lease_until else None,
        silent=list(running.filter(lease_until__lt=Now()).select_related("task", "worker").defer("log")),
        next_try_at=_next_try_at(run),
    )


def _all_resting(workers: list[Worker]) -> list[Worker]:
    awake = workers_that_claim().filter(pk__in=[worker.pk for worker in workers])
    return [] if awake.exists() else workers


def _next_try_at(run: EvaluationRun) -> datetime | None:
    """When the first of the waiting tasks is due, if all that is left of the run waits for another try."""
    unfinished = run.units.unfinished()
    if unfinished.filter(~Q(state=EvaluationUnit.State.QUEUED) | Q(available_at__lte=Now())).exists():
        return None
    return unfinished.aggregate(first=Min("available_at"))["first"]
