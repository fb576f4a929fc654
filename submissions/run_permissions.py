"""What people may do with the runs of their own submissions, as Django's permissions for one object."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import BaseBackend
from django.contrib.auth.models import AnonymousUser, User

from evaluation.models import EvaluationRun
from evaluation.permissions import CANCEL, RETRY, SEE_LOG
from evaluation.selectors.visibility import VIEW_RUN
from submissions.models import Submission
from submissions.selectors.organisations import is_teammate

GRANTED = frozenset({VIEW_RUN, SEE_LOG, CANCEL, RETRY})


class RunOwners(BaseBackend):
    """Signs nobody in. A run is that of who submitted its model and their team-mates, else of who asked for it."""

    def has_perm(self, user_obj: User | AnonymousUser, perm: str, obj: Any = None) -> bool:
        if not isinstance(obj, EvaluationRun) or not user_obj.is_active or perm not in GRANTED:
            return False
        submission: Submission | None = getattr(obj, "submission", None)
        if submission is None:
            return obj.requested_by_id == user_obj.pk
        # What was taken back is not to come to life again.
        is_open = perm != RETRY or submission.state != Submission.State.WITHDRAWN
        return is_open and (submission.submitter_id == user_obj.pk or is_teammate(user_obj, submission))
