"""What workers say of themselves."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta

from django.db.models.functions import Now

from evaluation.capabilities import Capabilities
from evaluation.models import Worker
from evaluation.services.claims import hand_back_units_of

REST = timedelta(minutes=5)
"""How long a worker whose host cannot evaluate leaves the queue alone before it tries again."""

FORGET_WORKERS_AFTER = timedelta(days=7)


def start_worker(*, host: str, queue: str, pid: int, capabilities: Capabilities) -> Worker:
    Worker.objects.filter(last_seen__lt=Now() - FORGET_WORKERS_AFTER).delete()
    return Worker.objects.create(host=host, pid=pid, queue=queue, **asdict(capabilities))


def worker_seen(*, worker: Worker) -> None:
    Worker.objects.filter(pk=worker.pk).update(last_seen=Now())


def worker_answered(*, worker_id: int) -> None:
    Worker.objects.filter(pk=worker_id).update(answered_at=Now())


def drain_worker(*, worker: Worker) -> None:
    Worker.objects.filter(pk=worker.pk).update(draining=True)


def rest_worker(*, worker: Worker, reason: str) -> None:
    """Let it take nothing for a while: what its host lacks would fail every task alike."""
    Worker.objects.filter(pk=worker.pk).update(rests_until=Now() + REST, rest_reason=reason)


def stop_worker(*, worker: Worker) -> None:
    Worker.objects.filter(pk=worker.pk).update(draining=True, stopped_at=Now())
    hand_back_units_of(worker=worker, count_attempt=False)
