"""What changed by day, and how boards and models stood before."""

from __future__ import annotations

from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Page, Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_safe

from leaderboard.charts.history import model_ranks_chart, top_ranks_chart
from leaderboard.citations import CitedBoard, bibtex
from leaderboard.feeds import ChangesFeed
from leaderboard.freshness import until_data_changes
from leaderboard.models import Benchmark, BoardSnapshot, ModelMeta, Scope
from leaderboard.selectors import changes as change_selectors
from leaderboard.selectors import history
from leaderboard.tables.changes import moves_body, moves_rows, source_query
from leaderboard.views.addresses import named, scope_of
from leaderboard.views.charts import chart_response

DAYS_PER_PAGE = 7
ROWS_PER_PAGE = 50
TOP = 10
DAYS_IN_TABLE = 12
NAMES_SHOWN = 24


@require_safe
@until_data_changes
def changes(request: HttpRequest) -> HttpResponse:
    """What changed: everything of one day, or the latest days in short; on all boards or on one."""
    day = _day_asked(request.GET.get("day", ""))
    benchmark = _board_asked(request.GET.get("board", ""))
    return _latest_days(request, benchmark) if day is None else _one_day(request, day, benchmark)


def _latest_days(request: HttpRequest, benchmark: Benchmark | None) -> HttpResponse:
    scope = scope_of(request)
    pages = Paginator(change_selectors.change_days(scope, benchmark), DAYS_PER_PAGE)
    page = pages.get_page(request.GET.get("page"))
    context = {
        "benchmark": benchmark,
        "scope": scope,
        "scopes": Scope,
        "source": source_query(scope),
        "days": [change_selectors.changes_on(day, scope, benchmark) for day in page],
        "page": page,
        "page_range": pages.get_elided_page_range(page.number),
    }
    return render(request, "leaderboard/changes.html", context)


def _one_day(request: HttpRequest, asked: date, benchmark: Benchmark | None) -> HttpResponse:
    """On all boards the results have pages, and of each board the first moves; on one board its moves have pages."""
    scope = scope_of(request)
    days = change_selectors.change_days(scope, benchmark)
    day = change_selectors.changes_on(asked, scope, benchmark, everything=benchmark is not None)
    change = day.boards[0] if benchmark and day.boards else None
    moves = Paginator(change.moves if change else [], ROWS_PER_PAGE).get_page(request.GET.get("page"))
    results = Paginator(day.results, ROWS_PER_PAGE).get_page(request.GET.get("page") if benchmark is None else 1)
    page: Page[Any] = results if benchmark is None else moves
    context = {
        "benchmark": benchmark,
        "scope": scope,
        "scopes": Scope,
        "source": source_query(scope),
        "day": day,
        "change": change,
        "earlier": next((other for other in days if other < asked), None),
        "later": next((other for other in reversed(days) if other > asked), None),
        "page": page,
        "page_range": page.paginator.get_elided_page_range(page.number),
        "results": results,
        "moves": moves_body(day.changed, scope=scope) if benchmark is None else moves_rows(moves, scope=scope),
        "new_models": day.new_models[:NAMES_SHOWN],
        "announced": day.announced[:NAMES_SHOWN],
    }
    return render(request, "leaderboard/changes_of_day.html", context)


def _day_asked(text: str) -> date | None:
    """None for nothing, for what is no day and for one that is still to come."""
    try:
        day = parse_date(text)
    except ValueError:
        return None
    return day if day and day <= timezone.now().date() else None


def _board_asked(slug: str) -> Benchmark | None:
    if "\0" in slug:
        raise Http404
    return get_object_or_404(Benchmark, slug=slug) if slug else None


@require_safe
@until_data_changes
def board_history(request: HttpRequest, slug: str) -> HttpResponse:
    """Who led the board when, how its first rows came there, and the days on which it changed."""
    benchmark = get_object_or_404(Benchmark, slug=slug)
    scope = scope_of(request)
    top = history.top_history(benchmark, scope, TOP)
    days = history.spread(top.days, DAYS_IN_TABLE)
    pages = Paginator(history.snapshots(benchmark, scope), ROWS_PER_PAGE)
    page = pages.get_page(request.GET.get("page"))
    context = {
        "benchmark": benchmark,
        "scope": scope,
        "scopes": Scope,
        "source": source_query(scope),
        "leads": history.leads(benchmark, scope),
        "top": top,
        "top_chart": top_ranks_chart(top),
        "days": days,
        "top_rows": [(series, [series.on(day) for day in days]) for series in top.series],
        "page": page,
        "page_range": pages.get_elided_page_range(page.number),
    }
    return render(request, "leaderboard/board_history.html", context)


@require_safe
@until_data_changes
def board_history_chart(request: HttpRequest, slug: str) -> HttpResponseBase:
    """The ranks of the first rows over time, as data."""
    benchmark = get_object_or_404(Benchmark, slug=slug)
    return chart_response(request, top_ranks_chart(history.top_history(benchmark, scope_of(request), TOP)))


@require_safe
@until_data_changes
def board_on_day(request: HttpRequest, slug: str, day: str) -> HttpResponse:
    """The board as it stood at the end of a day: what a citation points to."""
    benchmark = get_object_or_404(Benchmark, slug=slug)
    scope = scope_of(request)
    asked = _day_asked(day)
    snapshot = history.snapshot_on(benchmark, scope, asked) if asked else None
    if asked is None or snapshot is None:
        raise Http404
    pages = Paginator(history.ranking_on(benchmark, scope, asked).select_related("model_meta"), ROWS_PER_PAGE)
    page = pages.get_page(request.GET.get("page"))
    recorded = history.snapshots(benchmark, scope)
    context = {
        "benchmark": benchmark,
        "scope": scope,
        "scopes": Scope,
        "source": source_query(scope),
        "day": asked,
        "snapshot": snapshot,
        "earlier": recorded.filter(day__lt=snapshot.day).first(),
        "later": recorded.filter(day__gt=asked).last(),
        "page": page,
        "page_range": pages.get_elided_page_range(page.number),
        "citation": citation(request, snapshot),
    }
    return render(request, "leaderboard/board_on_day.html", context)


def citation(request: HttpRequest, snapshot: BoardSnapshot) -> str:
    """BibTeX that leads to the snapshot."""
    cited = CitedBoard(
        name=snapshot.benchmark.name,
        slug=snapshot.benchmark.slug,
        day=snapshot.day,
        n_rows=snapshot.n_rows,
        data_version=snapshot.data_version,
        official_only=snapshot.scope == Scope.OFFICIAL,
        address=request.build_absolute_uri(snapshot.get_absolute_url()),
    )
    return bibtex(cited)


@require_safe
@until_data_changes
def model_history(request: HttpRequest, name: str) -> HttpResponse:
    """Where the model stood on each board over time, and its results where it was run more than once."""
    model_meta = named(ModelMeta, name)
    scope = scope_of(request)
    ranks = history.rank_history(model_meta, scope)
    slugs = [rank.benchmark.slug for rank in ranks]
    asked = request.GET.get("board", "")
    shown = asked if asked in slugs else next(iter(slugs), "")
    chosen = [rank for rank in ranks if rank.benchmark.slug == shown]
    context = {
        "model_meta": model_meta,
        "scope": scope,
        "scopes": Scope,
        "source": source_query(scope),
        "ranks": ranks,
        "chosen": [(rank, history.rank_steps(model_meta, rank, scope)) for rank in chosen],
        "rank_chart": model_ranks_chart(chosen),
        "chart_address": f"{reverse('model_history_chart', args=[name])}?{_chart_query(shown, scope)}",
        "shown": shown,
        "scores": history.score_history(model_meta, scope),
    }
    return render(request, "leaderboard/model_history.html", context)


def _chart_query(board: str, scope: Scope) -> str:
    return urlencode({"board": board, **({"source": scope} if scope == Scope.OFFICIAL else {})})


@require_safe
@until_data_changes
def model_history_chart(request: HttpRequest, name: str) -> HttpResponseBase:
    """The ranks of a model on one board over time, as data."""
    model_meta = named(ModelMeta, name)
    benchmark = _board_asked(request.GET.get("board", ""))
    ranks = history.rank_history(model_meta, scope_of(request), benchmark) if benchmark else []
    return chart_response(request, model_ranks_chart(ranks))


_feed = ChangesFeed()


@require_safe
@until_data_changes
def changes_feed(request: HttpRequest) -> HttpResponse:
    return _feed(request)


@require_safe
@until_data_changes
def board_feed(request: HttpRequest, slug: str) -> HttpResponse:
    return _feed(request, slug=slug)
