"""The queue, paused and opened again."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from evaluation.models import QueuePause
from evaluation.services.runs import EvaluationError
from evaluation.services.waking import wake
from leaderboard.services.audit import record


def pause_queue(*, started_by: User, reason: str) -> QueuePause:
    """Let workers take nothing new; what is at work goes on."""
    if not reason.strip():
        raise EvaluationError("Say why: those who wait read the reason on the queue's page.")
    try:
        with transaction.atomic():
            pause = QueuePause.objects.create(started_by=started_by, reason=reason.strip())
            record(actor=started_by, action="paused the queue", subject=pause, reason=pause.reason)
    except IntegrityError:
        raise EvaluationError("The queue is paused already.") from None
    return pause


@transaction.atomic
def resume_queue(*, ended_by: User) -> None:
    """Let workers take what waits, at once."""
    pause = QueuePause.objects.select_for_update().filter(ended_at__isnull=True).first()
    if pause is None:
        raise EvaluationError("The queue is not paused.")
    QueuePause.objects.filter(pk=pause.pk).update(ended_by=ended_by, ended_at=Now())
    record(actor=ended_by, action="opened the queue", subject=pause)
    transaction.on_commit(wake)
