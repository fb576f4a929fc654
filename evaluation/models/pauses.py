"""Times in which workers take nothing new from the queue."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Now


class QueuePause(models.Model):
    """A pause lasts until somebody ends it. What is at work goes on; the reason stands on the queue's page."""

    reason = models.TextField(help_text="Why, in a sentence for those who wait.")
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="queue_pauses")
    started_at = models.DateTimeField(db_default=Now())
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="ended_queue_pauses"
    )
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        verbose_name = "pause"
        constraints = [
            models.UniqueConstraint(Value(1), condition=Q(ended_at__isnull=True), name="the_queue_is_paused_once"),
            models.CheckConstraint(condition=~Q(reason=""), name="a_pause_says_why"),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, ended_by__isnull=True)
                | Q(ended_at__gte=F("started_at"), ended_by__isnull=False),
                name="an_ended_pause_says_when_and_by_whom",
            ),
        ]

    def __str__(self) -> str:
        return f"Pause since {self.started_at:%Y-%m-%d %H:%M}"
