"""Where the numbers in a row of a board come from."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from leaderboard.freshness import until_data_changes
from leaderboard.metrics import explained
from leaderboard.models import Benchmark, ModelMeta, Scope
from leaderboard.selectors import boards, origins
from leaderboard.selectors.board_metrics import UnusableMetric
from leaderboard.views.addresses import metric_of, named, scope_of

OF_TYPE = "type:"


@require_safe
@until_data_changes
def row_origins(request: HttpRequest, slug: str) -> HttpResponse:
    """Every task behind a row, or with `?of=type:Retrieval` those of one type."""
    benchmark = get_object_or_404(Benchmark, slug=slug)
    model_meta = named(ModelMeta, request.GET.get("m", ""))
    scope = scope_of(request)
    board = boards.find_board(benchmark, scope)
    variant = request.GET.get("variant", "").replace("\0", "")
    metric = metric_of(request)
    try:
        found = origins.row_origins(board, model_meta, variant, metric) if board else []
    except UnusableMetric:
        metric, found = "", origins.row_origins(board, model_meta, variant) if board else []
    if not found:
        raise Http404
    of = request.GET.get("of", "")
    task_type = of.removeprefix(OF_TYPE) if of.startswith(OF_TYPE) else ""
    shown = [origin for origin in found if not task_type or origin.task_type == task_type]
    context = {
        "benchmark": benchmark,
        "model_meta": model_meta,
        "variant": variant,
        "task_type": task_type,
        "origins": shown,
        "metric": explained(metric) if metric else None,
        "n_blank": sum(origin.score is None for origin in shown),
        "scope": scope,
        "scopes": Scope,
    }
    return render(request, "leaderboard/origins.html", context)
