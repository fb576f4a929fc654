"""The run of an address, for whoever may know of it."""

from __future__ import annotations

from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404

from evaluation.models import EvaluationRun
from evaluation.selectors.visibility import may_see_run


def visible_run(request: HttpRequest, pk: int) -> EvaluationRun:
    """The run with its model; to others it is not there."""
    found = get_object_or_404(EvaluationRun.objects.select_related("model_meta", "requested_by"), pk=pk)
    if not may_see_run(request.user, found):
        raise Http404
    return found
