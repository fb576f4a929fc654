"""The workers that there are."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now


class Worker(models.Model):
    """A supervised django-q2 cluster on some host. It is alive while `last_seen` is fresh."""

    host = models.TextField()
    pid = models.IntegerField(help_text="Process of the supervisor.")
    queue = models.TextField()
    started_at = models.DateTimeField(db_default=Now())
    last_seen = models.DateTimeField(db_default=Now(), help_text="When its supervisor last gave a sign of life.")
    answered_at = models.DateTimeField(null=True, blank=True, help_text="When its cluster last worked on a job.")
    draining = models.BooleanField(default=False, help_text="It finishes nothing more and takes nothing more.")
    stopped_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-last_seen"]

    def __str__(self) -> str:
        return f"{self.host}:{self.pid} ({self.queue})"
