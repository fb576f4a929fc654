"""Following what others asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evaluation.models import EvaluationRun
from evaluation.selectors.visibility import may_see_run
from submissions.models import Submission, Watch
from submissions.services.submissions import NotPossible

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def watch_submission(*, user: User, submission: Submission) -> Watch:
    """Idempotent. Raises NotPossible for what the person must not know of, as for what is not there."""
    if submission.is_hidden and submission.submitter_id != user.pk:
        raise NotPossible("There is no such submission to watch.")
    return Watch.objects.get_or_create(user=user, submission=submission)[0]


def watch_run(*, user: User, run: EvaluationRun) -> Watch:
    """Idempotent. Raises NotPossible for what the person must not know of, as for what is not there."""
    if not may_see_run(user, run):
        raise NotPossible("There is no such run to watch.")
    return Watch.objects.get_or_create(user=user, run=run)[0]


def unwatch(*, watch: Watch) -> None:
    watch.delete()
