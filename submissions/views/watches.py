"""Following what others asked for."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from evaluation.models import EvaluationRun
from submissions.models import Submission, Watch
from submissions.services import watches as services
from submissions.views.submissions import SignedInRequest


@login_required
@require_POST
def watch_submission(request: SignedInRequest, pk: int) -> HttpResponse:
    submission = get_object_or_404(Submission.objects.select_related("run"), pk=pk)
    try:
        services.watch_submission(user=request.user, submission=submission)
    except services.NothingToWatch as error:
        raise Http404 from error
    messages.success(request, "You watch the submission.")
    return redirect("submissions")


@login_required
@require_POST
def watch_run(request: SignedInRequest, pk: int) -> HttpResponse:
    run = get_object_or_404(EvaluationRun.objects.select_related("model_meta"), pk=pk)
    try:
        services.watch_run(user=request.user, run=run)
    except services.NothingToWatch as error:
        raise Http404 from error
    messages.success(request, f"You watch run {run.pk} of {run.model_meta}.")
    return redirect("submissions")


@login_required
@require_POST
def unwatch(request: SignedInRequest, pk: int) -> HttpResponse:
    services.unwatch(watch=get_object_or_404(Watch, pk=pk, user=request.user))
    return redirect("submissions")
