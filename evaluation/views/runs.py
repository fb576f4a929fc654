"""Pages of the queue and of a run, and what may be done there."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.defaultfilters import pluralize
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from evaluation.models import EvaluationRun
from evaluation.permissions import may_cancel, may_retry
from evaluation.selectors.status import run_status
from evaluation.services.runs import EvaluationError, cancel_run, retry_failed_units
from evaluation.views.reproduction import reproduction_of
from evaluation.views.visible_runs import visible_run

REFRESH_SECONDS = 5


@require_safe
def run(request: HttpRequest, pk: int) -> HttpResponse:
    """A run with its tasks. The log is for whoever it belongs to, and for moderators."""
    evaluation_run = visible_run(request, pk)
    status = run_status(evaluation_run, request.user)
    context = {
        "status": status,
        **reproduction_of(evaluation_run, [row.unit for row in status.rows]),
        "refresh_seconds": REFRESH_SECONDS,
    }
    return render(request, "evaluation/run.html", context)


@login_required
@require_POST
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    evaluation_run = visible_run(request, pk)
    if not may_cancel(request.user, evaluation_run):
        raise PermissionDenied
    n_units = cancel_run(run=evaluation_run, by=_for_others(request, evaluation_run))
    messages.success(request, f"Cancelled: {_tasks(n_units)} will not be evaluated. Results that are there stay.")
    return _back(request, evaluation_run)


@login_required
@require_POST
def retry(request: HttpRequest, pk: int) -> HttpResponse:
    evaluation_run = visible_run(request, pk)
    if not may_retry(request.user, evaluation_run):
        raise PermissionDenied
    try:
        n_units = retry_failed_units(
            run=evaluation_run,
            by=_for_others(request, evaluation_run),
            is_counted=not request.user.has_perm("evaluation.change_evaluationrun"),
        )
    except EvaluationError as error:
        messages.error(request, str(error))
        return _back(request, evaluation_run)
    if n_units:
        messages.success(request, f"Queued again: {_tasks(n_units)}.")
    else:
        messages.info(request, "Nothing of this run failed or was cancelled.")
    return _back(request, evaluation_run)


def _for_others(request: HttpRequest, evaluation_run: EvaluationRun) -> User | None:
    """A moderator who acts on somebody else's run, for the audit log."""
    user = request.user
    acts_for_others = user.has_perm("evaluation.change_evaluationrun") and evaluation_run.requested_by_id != user.pk
    return user if isinstance(user, User) and acts_for_others else None


def _back(request: HttpRequest, evaluation_run: EvaluationRun) -> HttpResponse:
    """To the page with the button: that of the run, or of the submission."""
    origin = request.POST.get("next", "")
    allowed = url_has_allowed_host_and_scheme(origin, {request.get_host()}, require_https=request.is_secure())
    return redirect(origin if allowed else evaluation_run)


def _tasks(count: int) -> str:
    return f"{count} task{pluralize(count)}"
