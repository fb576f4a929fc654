"""Following what others asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evaluation.models import EvaluationRun
from evaluation.selectors.visibility import may_see_run
from submissions.models import Submission, Watch
from submissions.selectors.submissions import may_see
from submissions.selectors.watches import watchers_of

if TYPE_CHECKING:
    from django.contrib.auth.models import User


class NothingToWatch(Exception):
    """It has ended, or the person must not know of it, as if it was not there."""


def watch_submission(*, user: User, submission: Submission) -> Watch:
    """Idempotent. A public submission may be watched by everybody until it has ended. Raises NothingToWatch."""
    if not submission.is_under_way or (submission.is_hidden and not may_see(user, submission)):
        raise NothingToWatch(f"There is no submission {submission.pk} to watch.")
    return Watch.objects.get_or_create(user=user, submission=submission)[0]


def watch_run(*, user: User, run: EvaluationRun) -> Watch:
    """Idempotent. Raises NothingToWatch."""
    if run.is_finished or not may_see_run(user, run):
        raise NothingToWatch(f"There is no run {run.pk} to watch.")
    return Watch.objects.get_or_create(user=user, run=run)[0]


def drop_onlookers(*, submission: Submission) -> None:
    """Whoever may not see the submission stops to watch it: it is hidden now."""
    for watch in watchers_of(submission):
        if not may_see(watch.user, submission):
            watch.delete()


def unwatch(*, watch: Watch) -> None:
    watch.delete()
