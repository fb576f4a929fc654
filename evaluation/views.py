"""Pages of the queue and of a run."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from evaluation.models import EvaluationRun, EvaluationUnit
from evaluation.selectors import runs, scores, workers
from evaluation.selectors.visibility import may_see_run

REFRESH_SECONDS = 5
LOG_END_LINES = 12


@dataclass(frozen=True)
class UnitRow:
    unit: EvaluationUnit

    @property
    def score(self) -> float | None:
        """As people read it, out of 100."""
        score = scores.unit_score(self.unit)
        return None if score is None else 100 * score


@require_safe
def queue(request: HttpRequest) -> HttpResponse:
    unfinished = runs.runs_with_progress(runs.unfinished_runs())
    context = {
        "unfinished": unfinished,
        "recent": runs.recent_runs(),
        "workers": workers.workers_alive(settings.EVALUATION_QUEUE),
        "refresh_seconds": REFRESH_SECONDS,
    }
    return render(request, "evaluation/queue.html", context)


@require_safe
def run(request: HttpRequest, pk: int) -> HttpResponse:
    """A run with its tasks. The log is for whoever asked for the run, and for the staff."""
    evaluation_run = get_object_or_404(EvaluationRun.objects.select_related("model_meta", "requested_by"), pk=pk)
    user = request.user
    if not may_see_run(user, evaluation_run):
        raise Http404
    may_see_log = user.is_staff or (user.is_authenticated and user == evaluation_run.requested_by)
    log_unit = runs.unit_for_log(evaluation_run) if may_see_log else None
    units = runs.run_units(evaluation_run)
    context = {
        "run": evaluation_run,
        "units": [UnitRow(unit) for unit in units],
        "environment": next((unit.environment for unit in units if unit.environment), None),
        "progress": runs.run_progress(evaluation_run),
        "place": runs.queue_place(evaluation_run),
        "worker_alive": workers.workers_alive(settings.EVALUATION_QUEUE).exists(),
        "log_unit": log_unit,
        "log_end": "".join(log_unit.log.splitlines(keepends=True)[-LOG_END_LINES:]) if log_unit else "",
        "refresh_seconds": REFRESH_SECONDS,
    }
    return render(request, "evaluation/run.html", context)
