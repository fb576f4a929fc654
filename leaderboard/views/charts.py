"""Charts as data, and what pages need to show them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_safe

from leaderboard import board_query
from leaderboard.board_query import BoardQuery
from leaderboard.charts.base import Chart, ChartDataView
from leaderboard.charts.boards import BoardCharts
from leaderboard.charts.profiles import MOST_MODELS
from leaderboard.freshness import until_data_changes
from leaderboard.models import Benchmark, Board
from leaderboard.own_boards import UnreadableBoard, parse_choices
from leaderboard.query_language import QueryError
from leaderboard.selectors import boards
from leaderboard.selectors.own_boards import OwnBoard, own_board
from leaderboard.selectors.standings import Standings, board_standings
from leaderboard.views.addresses import scope_of

MODELS = "m"
OFFERED = 40
"""Rows from the top that the chooser offers."""
MOST_NAMES = 20
# What an address of data has beside the query.
_KEPT = ("tasks", "source", MODELS)


@dataclass(frozen=True)
class ShownChart:
    """A chart on a page, and where its data are."""

    chart: Chart
    address: str
    is_open: bool = False


@require_safe
@until_data_changes
def board_chart(request: HttpRequest, slug: str, chart: str) -> HttpResponseBase:
    shown = get_object_or_404(Benchmark, slug=slug)
    return _board_chart(request, boards.find_board(shown, scope_of(request)), chart)


@require_safe
@until_data_changes
def own_board_chart(request: HttpRequest, chart: str) -> HttpResponseBase:
    try:
        board = own_board("", parse_choices(request.GET.get("tasks", "")), scope_of(request))
    except UnreadableBoard as problem:
        return JsonResponse({"error": str(problem)}, status=400)
    return _board_chart(request, board if board.choices else None, chart)


def _board_chart(request: HttpRequest, board: Board | OwnBoard | None, key: str) -> HttpResponseBase:
    query = board_query.parse(dict(request.GET.lists()))
    try:
        standings = board_standings(board, query) if board else None
    except QueryError as problem:
        return JsonResponse({"error": str(problem)}, status=400)
    if board is None or standings is None or not len(standings):
        raise Http404
    return chart_response(request, BoardCharts(board, standings, chosen_names(request)).find(key))


def chart_response(request: HttpRequest, chart: Chart | None) -> HttpResponseBase:
    """The drawing as JSON; 404 where there is none."""
    if chart is None or chart.drawing is None:
        raise Http404
    return ChartDataView.as_view(drawing=chart.drawing)(request)


def chosen_names(request: HttpRequest) -> list[str]:
    names = (name.strip() for name in request.GET.getlist(MODELS))
    return list(dict.fromkeys(filter(None, names)))[:MOST_NAMES]


def board_charts_context(request: HttpRequest, board: Board | OwnBoard, standings: Standings) -> dict[str, Any]:
    """What `_charts.html` shows of the standings of a board."""
    names = chosen_names(request)
    charts = BoardCharts(board, standings, names)
    opened = "types" if names else "size"
    chosen = {row.name for row in charts.chosen}
    offered = [row for row in charts.rows.contenders if row.place < OFFERED or row.name in chosen]
    return {
        "charts": [
            ShownChart(chart, chart_address(request, board, standings.query, chart.key), chart.key == opened)
            for chart in charts.all()
        ],
        "chart_models": [(row, row.name in chosen) for row in offered],
        "most_chart_models": MOST_MODELS,
    }


def chart_address(request: HttpRequest, board: Board | OwnBoard, query: BoardQuery, key: str) -> str:
    """The data of the same view."""
    if isinstance(board, OwnBoard):
        path = reverse("own_board_chart", args=[key])
    else:
        path = reverse("board_chart", args=[board.benchmark.slug, key])
    kept = [(name, value) for name in _KEPT for value in request.GET.getlist(name) if value]
    asked = urlencode([*query.pairs, *kept], safe=",:/.")
    return f"{path}?{asked}" if asked else path
