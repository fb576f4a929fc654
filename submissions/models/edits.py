"""What submitters changed while their submission waited."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from submissions.models.submissions import Submission


class SubmissionEdit(models.Model):
    """That a waiting submission was changed. `changes` has {what: [before, after]} in words."""

    submission = models.ForeignKey(Submission, models.CASCADE, related_name="history")
    edited_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    edited_at = models.DateTimeField(auto_now_add=True)
    changes = models.JSONField(default=dict)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"Change of {self.submission}"
