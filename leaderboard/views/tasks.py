"""The page of a task."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from leaderboard.freshness import until_data_changes
from leaderboard.models import Scope, Task
from leaderboard.selectors import tasks
from leaderboard.tables.tasks import TaskScoreTable
from leaderboard.views.addresses import named, scope_of


@require_safe
@until_data_changes
def task(request: HttpRequest, name: str) -> HttpResponse:
    shown = named(Task, name)
    scope = scope_of(request)
    scores = tasks.task_scores(shown, scope)
    context = {
        "task": shown,
        "caption": f"Results on {shown.name}",
        "scope": scope,
        "scopes": Scope,
        "table": TaskScoreTable(scores, scope=scope, sort=request.GET.get("sort", "")),
        "benchmarks": tasks.benchmarks_counting(shown),
        "successor": Task.objects.filter(name=shown.superseded_by).first() if shown.superseded_by else None,
    }
    return render(request, "leaderboard/task.html", context)
