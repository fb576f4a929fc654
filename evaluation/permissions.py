"""Who may follow, stop and repeat a run: moderators, and whoever an authentication backend says it belongs to."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser, User

from evaluation.models import EvaluationRun

# Asked of a user for one run; `submissions.run_permissions.RunOwners` grants them to those who submitted it.
SEE_LOG = "evaluation.see_log_of_run"
CANCEL = "evaluation.cancel_run"
RETRY = "evaluation.retry_run"


def may_see_log(user: User | AnonymousUser, run: EvaluationRun) -> bool:
    return user.has_perm("evaluation.view_evaluationrun") or user.has_perm(SEE_LOG, run)


def may_cancel(user: User | AnonymousUser, run: EvaluationRun) -> bool:
    return user.has_perm("evaluation.change_evaluationrun") or user.has_perm(CANCEL, run)


def may_retry(user: User | AnonymousUser, run: EvaluationRun) -> bool:
    return user.has_perm("evaluation.change_evaluationrun") or user.has_perm(RETRY, run)


def may_pause_queue(user: User | AnonymousUser) -> bool:
    return user.has_perm("evaluation.change_queuepause")
