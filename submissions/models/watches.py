"""Who wants to hear of evaluations that others asked for."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from evaluation.models import EvaluationRun
from submissions.models.submissions import Submission


class Watch(models.Model):
    """Somebody follows a submission or a run that is not theirs."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="watches")
    submission = models.ForeignKey(Submission, models.CASCADE, null=True, blank=True, related_name="watches")
    run = models.ForeignKey(EvaluationRun, models.CASCADE, null=True, blank=True, related_name="watches")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-pk"]
        verbose_name_plural = "watches"
        constraints = [
            models.CheckConstraint(
                condition=Q(submission__isnull=False, run__isnull=True) | Q(submission__isnull=True, run__isnull=False),
                name="a_watch_is_of_one_thing",
            ),
            models.UniqueConstraint(fields=["user", "submission"], name="a_submission_is_watched_once"),
            models.UniqueConstraint(fields=["user", "run"], name="a_run_is_watched_once"),
        ]

    def __str__(self) -> str:
        return f"{self.user} watches {self.submission or self.run}"
