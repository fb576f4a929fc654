"""The page of the queue, and its pause."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from evaluation.permissions import may_pause_queue
from evaluation.selectors.queue import queue_overview
from evaluation.services.pauses import pause_queue, resume_queue
from evaluation.services.runs import EvaluationError

REFRESH_SECONDS = 5


@require_safe
def queue(request: HttpRequest) -> HttpResponse:
    context = {
        "queue": queue_overview(),
        "may_pause": may_pause_queue(request.user),
        "refresh_seconds": REFRESH_SECONDS,
    }
    return render(request, "evaluation/queue.html", context)


@login_required
@require_POST
def pause(request: HttpRequest) -> HttpResponse:
    user = request.user
    if not user.is_authenticated or not may_pause_queue(user):
        raise PermissionDenied
    try:
        pause_queue(started_by=user, reason=request.POST.get("reason", ""))
    except EvaluationError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "The queue is paused: workers finish what they have and take nothing new.")
    return redirect("queue")


@login_required
@require_POST
def resume(request: HttpRequest) -> HttpResponse:
    user = request.user
    if not user.is_authenticated or not may_pause_queue(user):
        raise PermissionDenied
    try:
        resume_queue(ended_by=user)
    except EvaluationError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "Workers take from the queue again.")
    return redirect("queue")
