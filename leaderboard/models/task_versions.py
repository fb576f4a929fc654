"""The versions that a custom task has had, each the state of its data."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from leaderboard.models.registry import Task


class TaskVersion(models.Model):
    """A dataset revision of a custom task, from the day it was added. The newest is what the task is now."""

    task = models.ForeignKey(Task, models.CASCADE, related_name="versions")
    dataset_revision = models.TextField()
    main_score = models.TextField()
    n_samples = models.PositiveIntegerField(help_text="Of all splits together.")
    source = models.TextField(help_text="Where the data came from, for readers.")
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    added_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(dataset_revision=""), name="a_task_version_names_its_dataset_revision"),
        ]

    def __str__(self) -> str:
        return f"{self.task} at {self.dataset_revision[:8]}"
