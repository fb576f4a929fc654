"""The results of a model on a task, and a result's file."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from leaderboard.freshness import until_data_changes
from leaderboard.metrics import explained
from leaderboard.models import ModelMeta, Task, TaskResult
from leaderboard.permissions import may_roll_back
from leaderboard.selectors import results
from leaderboard.views.addresses import metric_of, named

CELLS_PER_PAGE = 200
HEADINGS = ["Revision", "Score", "Cells", "Does it count?", "Source", "Verified", "Dataset revision", "mteb version"]
HEADINGS += ["Date", "Took", "File"]


@require_safe
@until_data_changes
def result_list(request: HttpRequest) -> HttpResponse:
    """Every result of a model on a task, which of them counts and why, and the cells of one of them."""
    model_meta = named(ModelMeta, request.GET.get("model", ""))
    of_task = named(Task, request.GET.get("task", ""))
    standings = results.result_standings(model_meta, of_task)
    chosen = results.chosen_standing(standings, request.GET.get("result", ""))
    metric = metric_of(request)
    pages = Paginator(results.cells_of(chosen.result, metric) if chosen else [], CELLS_PER_PAGE)
    page = pages.get_page(request.GET.get("page"))
    context = {
        "model_meta": model_meta,
        "task": of_task,
        "standings": standings,
        "chosen": chosen,
        "may_roll_back": chosen is not None and not chosen.leads and may_roll_back(request.user),
        "headings": HEADINGS,
        "metric": explained(metric) if metric else None,
        "page": page,
        "page_range": pages.get_elided_page_range(page.number),
    }
    return render(request, "leaderboard/results.html", context)


@require_safe
@cache_control(public=True, max_age=365 * 24 * 3600, immutable=True)
def result_file(request: HttpRequest, pk: int) -> HttpResponse:
    """The file of a result as it was stored; results never change."""
    result = get_object_or_404(TaskResult.objects.only("payload"), pk=pk)
    return HttpResponse(results.stored_file(result), content_type="application/json")
