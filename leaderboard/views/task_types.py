"""The pages of task types."""

from __future__ import annotations

from functools import partial

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from leaderboard.freshness import until_data_changes
from leaderboard.metrics import explained
from leaderboard.models import Scope
from leaderboard.selectors import task_types
from leaderboard.tables.pools import TaskTypeTable
from leaderboard.task_types import type_label, type_text
from leaderboard.views.addresses import scope_of
from leaderboard.views.pools import PoolPage

METRICS_SHOWN = 5


@require_safe
@until_data_changes
def type_list(request: HttpRequest) -> HttpResponse:
    """Every task type."""
    scope = scope_of(request)
    table = TaskTypeTable(task_types.type_entries(scope), scope=scope, sort=request.GET.get("sort", ""))
    context = {"table": table, "caption": "Task types", "scope": scope, "scopes": Scope}
    return render(request, "leaderboard/task_type_list.html", context)


@require_safe
@until_data_changes
def task_type(request: HttpRequest, name: str) -> HttpResponseBase:
    """What a type measures, its tasks and the models over them."""
    scope = scope_of(request)
    if name not in {entry.name for entry in task_types.type_entries(scope)}:
        raise Http404
    main_scores = task_types.main_scores(name)
    context = {
        "name": name,
        "text": type_text(name),
        "metrics": [(explained(metric), n) for metric, n in main_scores[:METRICS_SHOWN]],
        "n_more_metrics": max(len(main_scores) - METRICS_SHOWN, 0),
        "boards": task_types.boards_with_type(name),
    }
    board_of = partial(task_types.type_board, scope, name)
    label = type_label(name)
    return PoolPage(request, board_of, label, "of this type").answer("leaderboard/task_type.html", context)
