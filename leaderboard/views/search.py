"""The search page."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from leaderboard.selectors import search


@require_safe
def search_page(request: HttpRequest) -> HttpResponse:
    words = " ".join(request.GET.get("q", "").replace("\0", " ").split())[:100]
    matches = search.search(words) if words else []
    context = {"words": words, "matches": matches, "total": sum(match.total for match in matches)}
    return render(request, "leaderboard/search.html", context)
