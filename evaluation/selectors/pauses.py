"""Whether the queue is paused."""

from __future__ import annotations

from evaluation.models import QueuePause


def queue_is_paused() -> bool:
    """Whether workers are to take nothing new."""
    return QueuePause.objects.filter(ended_at__isnull=True).exists()


def current_pause() -> QueuePause | None:
    return QueuePause.objects.filter(ended_at__isnull=True).select_related("started_by").first()
