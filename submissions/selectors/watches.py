"""What people watch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Q, QuerySet

from submissions.models import Submission, Watch

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def watches_of(user: User) -> QuerySet[Watch]:
    return Watch.objects.filter(user=user).select_related("run__model_meta", "submission__run")


def watchers_of(submission: Submission) -> QuerySet[Watch]:
    """Who watches the submission or the run that it led to."""
    followed = Q(submission=submission)
    if submission.run_id is not None:
        followed |= Q(run=submission.run_id)
    return Watch.objects.filter(followed).select_related("user")
