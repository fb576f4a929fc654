"""The search page, its suggestions while somebody types, and the page for what is not there."""

from __future__ import annotations

import logging

from django.conf import settings
from django.db import Error as DatabaseFailure
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from leaderboard.freshness import until_data_changes
from leaderboard.search_terms import cleaned
from leaderboard.selectors import search
from leaderboard.selectors.search_entries import Hit

logger = logging.getLogger(__name__)

OF_EACH_KIND = 8
OF_ONE_KIND = 200
SUGGESTIONS_OF_EACH_KIND = 3
# First part of an address -> the kind that it names and what to call one of them.
_NAMED_BY = {
    "models": ("models", "model"),
    "tasks": ("tasks", "task"),
    "benchmarks": ("boards", "board"),
    "languages": ("languages", "language"),
    "scripts": ("languages", "script"),
    "organisations": ("organisations", "organisation"),
    "task-types": ("types", "task type"),
}


@require_safe
@until_data_changes
def search_page(request: HttpRequest) -> HttpResponse:
    words = cleaned(request.GET.get("q", ""))
    kind = request.GET.get("in", "")
    found = search.search(words, kind=kind, limit=OF_ONE_KIND if kind else OF_EACH_KIND)
    context = {"words": words, "found": found, "kind": kind}
    return render(request, "leaderboard/search.html", context)


@require_safe
@until_data_changes
def suggestions(request: HttpRequest) -> JsonResponse:
    """The first hits of each kind, for the field that completes while somebody types."""
    found = search.search(cleaned(request.GET.get("q", "")), limit=SUGGESTIONS_OF_EACH_KIND)
    return JsonResponse(
        {
            "total": found.total,
            "corrected": found.words if found.by is search.By.CORRECTED else None,
            "groups": [
                {"label": group.label, "total": group.total, "hits": [hit._asdict() for hit in group.hits]}
                for group in found.groups
            ],
        }
    )


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Says what is not there and what may have been meant. Without a database it still says the first."""
    try:
        kind, noun, name = _asked_for(request.path)
        context = {"noun": noun, "name": name, "nearest": [] if _is_stranger(request) else _nearest(name, kind)}
        return render(request, "404.html", context, status=404)
    except DatabaseFailure:
        logger.exception("A missing page could not be drawn")
        return HttpResponseNotFound("Not found: there is no such page.\n", content_type="text/plain; charset=utf-8")


def _is_stranger(request: HttpRequest) -> bool:
    """Who learns no name that a private board has."""
    return settings.PRIVATE and not request.user.is_authenticated


def _asked_for(path: str) -> tuple[str, str, str]:
    """(kind, what to call one, name) of what the address names; of an unknown kind the name is its last part."""
    first, _, rest = path.strip("/").partition("/")
    kind, noun = _NAMED_BY.get(first, ("", ""))
    return kind, noun, cleaned(rest.strip("/") if kind else path.strip("/").rpartition("/")[2])


def _nearest(name: str, kind: str) -> list[Hit]:
    """What is called nearly so, else what the search would find: of the kind or, where that is nothing, of any."""
    if not name:
        return []
    near = search.nearest(name, kind=kind) or _first_hits(name, kind)
    return near or (search.nearest(name) or _first_hits(name, "") if kind else [])


def _first_hits(name: str, kind: str) -> list[Hit]:
    found = search.search(name, kind=kind, limit=search.SUGGESTED)
    return [hit for group in found.groups for hit in group.hits][: search.SUGGESTED]
