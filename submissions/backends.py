"""What people may do with the runs of submissions that they may see, as Django's permissions for one object."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import BaseBackend
from django.contrib.auth.models import AnonymousUser, User

from evaluation.models import EvaluationRun
from evaluation.selectors.visibility import VIEW_RUN
from submissions.selectors.submissions import visible_submissions


class SubmissionViewers(BaseBackend):
    """Signs nobody in. Who may see a submission may see its run."""

    def has_perm(self, user_obj: User | AnonymousUser, perm: str, obj: Any = None) -> bool:
        if not isinstance(obj, EvaluationRun) or not user_obj.is_active or perm != VIEW_RUN:
            return False
        return visible_submissions(user_obj).filter(run=obj).exists()
