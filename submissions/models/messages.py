"""What moderators ask about a submission, and what its submitters answer."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from submissions.models.submissions import Submission

MAX_LENGTH = 4000


class SubmissionMessage(models.Model):
    """One message of the thread between moderators and whoever submitted."""

    submission = models.ForeignKey(Submission, models.CASCADE, related_name="messages")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="submission_messages")
    from_moderator = models.BooleanField()
    text = models.TextField(max_length=MAX_LENGTH)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["pk"]
        verbose_name = "message"
        constraints = [models.CheckConstraint(condition=~Q(text=""), name="a_message_says_something")]

    def __str__(self) -> str:
        return f"Message {self.pk} about {self.submission}"
