"""Logs of runs: followed as they are written, read afterwards, taken along."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.http import content_disposition_header
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_safe

from evaluation.logs.stream import LogStream, open_stream
from evaluation.models import AttemptLog, EvaluationUnit
from evaluation.permissions import may_see_log
from evaluation.selectors.logs import attempt_logs
from evaluation.views.visible_runs import visible_run

RETRY_AFTER_SECONDS = 10


@never_cache
@require_GET
def log_stream(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Server-sent events with what the run's log says from now on; the browser asks again each time a stream ends.

    204 ends that: nothing will come any more. 503 where no thread is free; the page then loads itself anew.
    """
    run = visible_run(request, pk)
    if not may_see_log(request.user, run):
        raise PermissionDenied
    if run.is_finished:
        return HttpResponse(status=204)
    stream = open_stream(run.pk, request.headers.get("Last-Event-ID", ""))
    if stream is None:
        return HttpResponse(status=503, headers={"Retry-After": str(RETRY_AFTER_SECONDS)})
    return _events(stream)


def _events(stream: LogStream) -> StreamingHttpResponse:
    response = StreamingHttpResponse(stream, content_type="text/event-stream")
    # Compressing would hold lines back until there are enough of them, and so would a proxy.
    response["Content-Encoding"] = "identity"
    response["X-Accel-Buffering"] = "no"
    return response


@never_cache
@login_required
@require_safe
def unit_log(request: HttpRequest, pk: int, unit_pk: int) -> HttpResponse:
    """Every attempt of a task with its log, the latest first."""
    unit = _visible_unit(request, pk, unit_pk)
    context = {"unit": unit, "run": unit.run, "attempts": attempt_logs(unit)}
    return render(request, "evaluation/unit_log.html", context)


@never_cache
@login_required
@require_safe
def attempt_log(request: HttpRequest, pk: int, unit_pk: int, number: int) -> HttpResponse:
    """The log of one attempt as a file."""
    unit = _visible_unit(request, pk, unit_pk)
    attempt = get_object_or_404(AttemptLog, unit=unit, number=number)
    name = f"run-{pk}-{unit.task.name}-attempt-{number}.log"
    response = HttpResponse(attempt.text, content_type="text/plain; charset=utf-8")
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name) or "attachment"
    return response


def _visible_unit(request: HttpRequest, pk: int, unit_pk: int) -> EvaluationUnit:
    run = visible_run(request, pk)
    unit = get_object_or_404(run.units.select_related("task", "worker"), pk=unit_pk)
    if not may_see_log(request.user, run):
        raise PermissionDenied
    return unit
