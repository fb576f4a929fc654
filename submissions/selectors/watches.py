"""What people watch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Q, QuerySet

from submissions.models import Submission, Visibility, Watch
from submissions.selectors.submissions import visible_submissions

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def watches_of(user: User) -> QuerySet[Watch]:
    """Without those of private things of a team that the person has left."""
    visible = visible_submissions(user)
    submissions = (
        Q(submission__visibility=Visibility.PUBLIC)
        | Q(submission__published_at__isnull=False)
        | Q(submission__in=visible)
    )
    runs = Q(run__is_private=False) | Q(run__requested_by=user) | Q(run__submission__in=visible)
    return Watch.objects.filter(submissions | runs, user=user).select_related("run__model_meta", "submission__run")


def watchers_of(submission: Submission) -> QuerySet[Watch]:
    """Who watches the submission or the run that it led to."""
    followed = Q(submission=submission)
    if submission.run_id is not None:
        followed |= Q(run=submission.run_id)
    return Watch.objects.filter(followed).select_related("user")
