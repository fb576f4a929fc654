"""The menu of boards, and a board."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from leaderboard.freshness import until_data_changes
from leaderboard.models import Benchmark, Board, Scope
from leaderboard.selectors import boards, menu, tasks
from leaderboard.selectors.boards import View
from leaderboard.tables.boards import BoardTable
from leaderboard.views.addresses import scope_of

PAGE_SIZES = {"50": 50, "100": 100, "all": None}
DEFAULT_PAGE_SIZE = "50"


@require_safe
@until_data_changes
def home(request: HttpRequest) -> HttpResponse:
    return render(request, "leaderboard/home.html", {"menu": menu.benchmark_menu(), "totals": menu.totals()})


@require_safe
@until_data_changes
def benchmark(request: HttpRequest, slug: str) -> HttpResponse:
    shown = get_object_or_404(Benchmark, slug=slug)
    scope = scope_of(request)
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
