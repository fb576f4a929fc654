"""Who may see which run. Of a private run strangers learn nothing but that the queue is longer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evaluation.models import EvaluationRun

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser, User

VIEW_RUN = "evaluation.view_evaluationrun"


def may_see_run(user: User | AnonymousUser, run: EvaluationRun) -> bool:
    """Public runs: everybody. Private ones: who asked for it, moderators, and whom an authentication backend lets."""
    if not run.is_private:
        return True
    if user.is_authenticated and run.requested_by_id == user.pk:
        return True
    return user.has_perm(VIEW_RUN) or user.has_perm(VIEW_RUN, run)
