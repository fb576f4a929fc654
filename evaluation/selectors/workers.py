"""Who works, and on what."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Max, Prefetch, Q, QuerySet
from django.db.models.functions import Now

from evaluation.models import EvaluationUnit, Worker

ALIVE_WITHIN = timedelta(seconds=20)


def workers_alive(queue: str | None = None) -> QuerySet[Worker]:
    """Workers that gave a sign of life lately and still take work."""
    alive = Worker.objects.filter(last_seen__gt=Now() - ALIVE_WITHIN, draining=False, stopped_at__isnull=True)
    return alive.filter(queue=queue) if queue else alive


def workers_that_claim() -> QuerySet[Worker]:
    """Those that are neither being stopped nor resting."""
    return Worker.objects.filter(draining=False).exclude(rests_until__gt=Now())


def largest_memory_mb(queue: str) -> int | None:
    """The most memory that one of the workers has that were there lately; None where none told."""
    told = Worker.objects.filter(queue=queue, memory_mb__isnull=False)
    return told.aggregate(most=Max("memory_mb"))["most"]


def worker_classes() -> list[str]:
    """Labels that any worker ever had, in order."""
    lists = Worker.objects.exclude(labels=[]).values_list("labels", flat=True).distinct()
    return sorted({label for labels in lists for label in labels})


@dataclass(frozen=True)
class WorkerState:
    """A worker, whether it is running, resting, draining, silent or stopped, and the units that it has under a lease.

    `reason` says why it rests.
    """

    worker: Worker
    state: str
    reason: str
    units: list[EvaluationUnit]


def worker_states(*, everybody: bool = False) -> list[WorkerState]:
    """The workers that gave a sign of life lately, with `everybody` all that ever were; the last seen first."""
    workers = Worker.objects.annotate(
        fresh=Q(last_seen__gt=Now() - ALIVE_WITHIN), rests=Q(rests_until__isnull=False, rests_until__gt=Now())
    ).order_by("-last_seen", "-pk")
    if not everybody:
        workers = workers.filter(fresh=True, stopped_at__isnull=True)
    at_work = EvaluationUnit.objects.filter(state=EvaluationUnit.State.RUNNING).select_related("task", "run")
    units = Prefetch("units", at_work.defer("log").order_by("pk"), to_attr="units_at_work")
    return [
        WorkerState(one, state, one.rest_reason if state == "resting" else "", one.units_at_work)
        for one in workers.prefetch_related(units)
        for state in [_state(one, fresh=one.fresh, rests=one.rests)]
    ]


def _state(worker: Worker, *, fresh: bool, rests: bool) -> str:
    if worker.stopped_at:
        return "stopped"
    if not fresh:
        return "silent"
    if worker.draining:
        return "draining"
    return "resting" if rests else "running"
