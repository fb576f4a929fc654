"""How much a person may still ask for."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from evaluation.failures import FailureClass
from evaluation.models import EvaluationRun, EvaluationUnit
from submissions.checks import Allowance
from submissions.models import Quota, Submission

if TYPE_CHECKING:
    from django.contrib.auth.models import User

MONTH = timedelta(days=30)
UNLIMITED = "submissions.change_submission"
"""Who decides about submissions may make as many as they like."""
NOT_THE_MODELS = (FailureClass.INFRASTRUCTURE.value, FailureClass.TASK.value)
"""What goes wrong whatever the model is."""


def allowance(user: User, *, besides: Submission | None = None) -> Allowance:
    """What is left, with `besides` left out of the count: a submission that is only changed."""
    if user.has_perm(UNLIMITED):
        return Allowance(None, None)
    quota = Quota.objects.filter(user=user).first()
    per_month = quota.submissions_per_month if quota else settings.QUOTA_SUBMISSIONS_PER_MONTH
    at_once = quota.unfinished_at_once if quota else settings.QUOTA_UNFINISHED
    own = Submission.objects.filter(submitter=user)
    if besides is not None:
        own = own.exclude(pk=besides.pk)
    return Allowance(
        left_this_month=per_month - _counted(own).count(),
        left_at_once=at_once - _unfinished(own).count(),
        per_month=per_month,
        at_once=at_once,
    )


def quota_in_form(user: User) -> dict[str, Any]:
    """The numbers that hold for a person now, as a moderator changes them."""
    quota = Quota.objects.filter(user=user).first()
    return {
        "submissions_per_month": quota.submissions_per_month if quota else settings.QUOTA_SUBMISSIONS_PER_MONTH,
        "unfinished_at_once": quota.unfinished_at_once if quota else settings.QUOTA_UNFINISHED,
        "reason": quota.reason if quota else "",
    }


def _counted(submissions: QuerySet[Submission]) -> QuerySet[Submission]:
    """Those of the last thirty days. What never ran costs nothing, nor what is refunded."""
    since = timezone.now() - MONTH
    never_ran = Q(state__in=[Submission.State.REJECTED, Submission.State.WITHDRAWN], run=None)
    return submissions.filter(created_at__gt=since).exclude(never_ran).exclude(_refunded())


def is_refunded(submission: Submission) -> bool:
    """Whether it ended so that it costs nothing."""
    if submission.run is None or submission.run.state != EvaluationRun.State.FAILED:
        return False
    return Submission.objects.filter(_refunded(), pk=submission.pk).exists()


def _refunded() -> Q:
    """Our machines failed some of its tasks, and nothing failed that is the model's fault, however much was done.

    A submission costs one, however many tasks it has: so there is no part of it to give back. Tasks that are run again
    and get a result end the refund.
    """
    failed = EvaluationUnit.objects.filter(run=OuterRef("run"), state=EvaluationUnit.State.FAILED)
    by_us = failed.filter(failure_class=FailureClass.INFRASTRUCTURE.value)
    by_the_model = failed.exclude(failure_class__in=NOT_THE_MODELS)
    return Q(run__state=EvaluationRun.State.FAILED) & Exists(by_us) & ~Exists(by_the_model)


def _unfinished(submissions: QuerySet[Submission]) -> QuerySet[Submission]:
    running = Q(state=Submission.State.APPROVED, run__finished_at=None)
    return submissions.filter(Q(state=Submission.State.PENDING) | running)
