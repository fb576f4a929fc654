"""Boards of readers' own: put together, and shown."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from leaderboard.freshness import until_data_changes
from leaderboard.models import Benchmark
from leaderboard.own_boards import (
    MAX_TITLE,
    MAX_WEIGHT,
    Choice,
    UnreadableBoard,
    choices_text,
    clean_label,
    parse_choices,
)
from leaderboard.selectors.own_boards import OwnBoard, choices_of, own_board
from leaderboard.selectors.task_list import TaskFilter, all_tasks
from leaderboard.views.addresses import scope_of
from leaderboard.views.boards import board_response, suggestions_response

TASKS_PER_PAGE = 40
WEIGHT, GROUP = "weight-", "group-"


@require_safe
@until_data_changes
def show(request: HttpRequest) -> HttpResponseBase:
    """The board that the address describes; without tasks, the page where one is put together."""
    try:
        board = _board(request)
    except UnreadableBoard as problem:
        return render(request, "leaderboard/own_board_builder.html", _builder(request, [], str(problem)), status=400)
    if not board.choices:
        return HttpResponseRedirect(reverse("own_board_builder"))
    return board_response(request, board.benchmark, board)


@require_safe
@until_data_changes
def suggestions(request: HttpRequest) -> JsonResponse:
    """What may follow in the query field of such a board."""
    try:
        return suggestions_response(request, _board(request))
    except UnreadableBoard:
        return suggestions_response(request, None)


def _board(request: HttpRequest) -> OwnBoard:
    return own_board(_title(request), parse_choices(request.GET.get("tasks", "")), scope_of(request))


def _title(request: HttpRequest) -> str:
    return " ".join(request.GET.get("title", "").replace("\0", "").split())[:MAX_TITLE]


@require_safe
@until_data_changes
def build(request: HttpRequest) -> HttpResponse:
    """Tasks to choose from, and what was chosen so far. Each step is an address."""
    try:
        choices = parse_choices(request.GET.get("tasks", ""))
    except UnreadableBoard as problem:
        return render(request, "leaderboard/own_board_builder.html", _builder(request, [], str(problem)), status=400)
    changed = _changed(request, choices)
    if changed != choices or _has_steps(request):
        kept = {"title": _title(request), "tasks": choices_text(changed)}
        target = "own_board" if "open" in request.GET and changed else "own_board_builder"
        if target == "own_board_builder":  # On a board these would narrow models and tasks.
            kept |= {name: request.GET.get(name, "").strip()[:100] for name in ("q", "type")}
        asked = urlencode({name: value for name, value in kept.items() if value}, safe=",;:*")
        return HttpResponseRedirect(f"{reverse(target)}?{asked}" if asked else reverse(target))
    return render(request, "leaderboard/own_board_builder.html", _builder(request, choices))


def _has_steps(request: HttpRequest) -> bool:
    return any(name in {"add", "remove", "from", "open"} or name.startswith((WEIGHT, GROUP)) for name in request.GET)


def _changed(request: HttpRequest, choices: list[Choice]) -> list[Choice]:
    """The choices after what the form asks: tasks added and removed, weights and groups set."""
    start = Benchmark.objects.filter(slug=request.GET.get("from", "").replace("\0", "")).first()
    known = {choice.task: choice for choice in choices}
    for choice in choices_of(start) if start else []:
        known.setdefault(choice.task, choice)
    for name in request.GET.getlist("add"):
        known.setdefault(name, Choice(name))
    for name in request.GET.getlist("remove"):
        known.pop(name, None)
    return [
        replace(
            choice,
            weight=_weight(request.GET.get(f"{WEIGHT}{choice.task}", ""), choice.weight),
            group=clean_label(request.GET.get(f"{GROUP}{choice.task}", choice.group)),
        )
        for choice in known.values()
    ]


def _weight(text: str, default: int) -> int:
    return min(max(int(text), 1), MAX_WEIGHT) if text.isdecimal() and len(text) < 5 else default


def _builder(request: HttpRequest, choices: list[Choice], problem: str = "") -> dict[str, object]:
    words = request.GET.get("q", "").replace("\0", " ").strip()[:100]
    chosen = {choice.task for choice in choices}
    wanted = TaskFilter(words=words, type=request.GET.get("type", ""), results="with results")
    entries = all_tasks(scope_of(request))
    types = {entry.name: entry.type for entry in entries}
    found = [entry for entry in entries if entry.name not in chosen and wanted.keeps(entry)]
    page = Paginator(found, TASKS_PER_PAGE).get_page(request.GET.get("page"))
    tasks_text = choices_text(choices)
    asked = urlencode({"title": _title(request), "tasks": tasks_text}, safe=",;:*")
    return {
        "title": _title(request),
        "choices": [(choice, types.get(choice.task)) for choice in choices],
        "n_unknown": sum(choice.task not in types for choice in choices),
        "tasks_text": tasks_text,
        "board_address": f"{reverse('own_board')}?{asked}",
        "groups": sorted({choice.group for choice in choices if choice.group}),
        "words": words,
        "type": wanted.type,
        "types": sorted(set(types.values())),
        "page": page,
        "page_range": page.paginator.get_elided_page_range(page.number),
        "benchmarks": Benchmark.objects.filter(in_registry=True).order_by("name"),
        "problem": problem,
        "max_weight": MAX_WEIGHT,
    }
