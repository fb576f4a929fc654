"""The queue, paused and opened again."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from evaluation.models import QueuePause
from evaluation.services.runs import EvaluationError
from evaluation.services.waking import wake


def pause_queue(*, started_by: User, reason: str) -> QueuePause:
    """Let workers take nothing new; what is at work goes on."""
    if not reason.strip():
        raise EvaluationError("Say why: those who wait read the reason on the queue's page.")
    try:
        with transaction.atomic():
            return QueuePause.objects.create(started_by=started_by, reason=reason.strip())
    except IntegrityError:
        raise EvaluationError("The queue is paused already.") from None


@transaction.atomic
def resume_queue(*, ended_by: User) -> None:
    """Let workers take what waits, at once."""
    if not QueuePause.objects.filter(ended_at__isnull=True).update(ended_by=ended_by, ended_at=Now()):
        raise EvaluationError("The queue is not paused.")
    transaction.on_commit(wake)
