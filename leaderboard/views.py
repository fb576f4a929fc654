"""The public pages. Each reads its address, asks the selectors and fills one template."""

from __future__ import annotations

from typing import TypeVar

from django.conf import settings
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from leaderboard.freshness import until_data_changes
from leaderboard.models import Benchmark, Board, ModelMeta, Scope, Task, TaskResult
from leaderboard.selectors import boards, menu, model_metas, results, search, tasks
from leaderboard.selectors.boards import View
from leaderboard.tables import BoardTable, ModelScoreTable, TaskScoreTable

Named = TypeVar("Named", Task, ModelMeta)
PAGE_SIZES = {"50": 50, "100": 100, "all": None}
DEFAULT_PAGE_SIZE = "50"
CELLS_PER_PAGE = 200
RESULT_HEADINGS = ["Revision", "Score", "Cells", "Does it count?", "Source", "Dataset revision", "mteb version"]
RESULT_HEADINGS += ["Date", "Took", "File"]


@require_safe
@until_data_changes
def home(request: HttpRequest) -> HttpResponse:
    return render(request, "leaderboard/home.html", {"menu": menu.benchmark_menu(), "totals": menu.totals()})


@require_safe
@until_data_changes
def benchmark(request: HttpRequest, slug: str) -> HttpResponse:
    shown = get_object_or_404(Benchmark, slug=slug)
    scope = _scope(request)
    board = boards.find_board(shown, scope)
    table = _board_table(request, shown, board) if board else None
    per_page = request.GET.get("per_page", "")
    context = {
        "benchmark": shown,
        "caption": f"{shown.title}: {table.view.label.lower()}" if table else "",
        "per_page": per_page if per_page in PAGE_SIZES else DEFAULT_PAGE_SIZE,
        "board": board,
        "table": table,
        "scope": scope,
        "scopes": Scope,
        "page_sizes": PAGE_SIZES,
        "benchmark_tasks": tasks.tasks_of(shown),
        "successors": Benchmark.objects.filter(name__in=shown.superseded_by),
    }
    return render(request, "leaderboard/benchmark.html", context)


def _board_table(request: HttpRequest, shown: Benchmark, board: Board) -> BoardTable:
    view = _board_view(request, board)
    columns = boards.board_columns(shown, board, view)
    table = BoardTable(
        boards.board_rows(board, view, columns),
        board=board,
        view=view,
        columns=columns,
        best=boards.best_scores(board, view, columns),
        sort=request.GET.get("sort", ""),
    )
    per_page = request.GET.get("per_page", DEFAULT_PAGE_SIZE)
    table.show_page(request.GET.get("page"), PAGE_SIZES.get(per_page, PAGE_SIZES[DEFAULT_PAGE_SIZE]))
    if view == View.TASKS:
        table.started = boards.started_tasks(board, (record.model_meta_id for record in table.records()))
    return table


def _board_view(request: HttpRequest, board: Board) -> View:
    asked = request.GET.get("view", "")
    has_it = asked in View.values and (asked != View.LANGUAGES or bool(board.languages))
    return View(asked) if has_it else View.SUMMARY


@require_safe
@until_data_changes
def task(request: HttpRequest, name: str) -> HttpResponse:
    shown = _named(Task, name)
    scope = _scope(request)
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


@require_safe
@until_data_changes
def model(request: HttpRequest, name: str) -> HttpResponse:
    shown = _named(ModelMeta, name)
    scope = _scope(request)
    scores = model_metas.model_scores(shown, scope)
    context = {
        "model_meta": shown,
        "caption": f"Results of {shown.name}",
        "hub_address": _hub_address(shown),
        "scope": scope,
        "scopes": Scope,
        "table": ModelScoreTable(scores, scope=scope, sort=request.GET.get("sort", "")),
        "has_contaminated": any(score.contaminated for score in scores),
        "standings": model_metas.standings(shown, scope),
        "revisions": model_metas.revisions_of(shown),
        "variants": shown.variants.exclude(experiment_name=""),
        "relatives": set(ModelMeta.objects.filter(name__in=_relatives(shown)).values_list("name", flat=True)),
    }
    return render(request, "leaderboard/model.html", context)


def _hub_address(shown: ModelMeta) -> str | None:
    """Where the model's repository should be; None for a model that is not on the Hub by its nature."""
    on_hub = bool(shown.organisation) and not shown.local_path and shown.open_weights is not False
    return f"{settings.HF_ENDPOINT}/{shown.name}" if on_hub else None


def _relatives(shown: ModelMeta) -> list[str]:
    return [name for name in (shown.adapted_from, shown.superseded_by) if name]


@require_safe
@until_data_changes
def result_list(request: HttpRequest) -> HttpResponse:
    """Every result of a model on a task, which of them counts and why, and the cells of one of them."""
    model_meta = _named(ModelMeta, request.GET.get("model", ""))
    of_task = _named(Task, request.GET.get("task", ""))
    standings = results.result_standings(model_meta, of_task)
    chosen = results.chosen_standing(standings, request.GET.get("result", ""))
    pages = Paginator(results.cells_of(chosen.result) if chosen else [], CELLS_PER_PAGE)
    page = pages.get_page(request.GET.get("page"))
    context = {
        "model_meta": model_meta,
        "task": of_task,
        "standings": standings,
        "chosen": chosen,
        "headings": RESULT_HEADINGS,
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


@require_safe
def search_page(request: HttpRequest) -> HttpResponse:
    words = " ".join(request.GET.get("q", "").replace("\0", " ").split())[:100]
    matches = search.search(words) if words else []
    context = {"words": words, "matches": matches, "total": sum(match.total for match in matches)}
    return render(request, "leaderboard/search.html", context)


def _named(kind: type[Named], name: str) -> Named:
    """The task or model of that name, else 404; PostgreSQL refuses to look for a NUL."""
    if "\0" in name:
        raise Http404
    return get_object_or_404(kind, name=name)


def _scope(request: HttpRequest) -> Scope:
    """Everything, unless the address asks for official results only."""
    return Scope.OFFICIAL if request.GET.get("source") == Scope.OFFICIAL else Scope.ALL
