"""Which results are known to be wrong or out of date, and what evaluating them again gave."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from leaderboard.freshness import until_data_changes
from leaderboard.selectors import staleness
from leaderboard.services.staleness import rule_in_words


@require_safe
@until_data_changes
def stale_rules(request: HttpRequest) -> HttpResponse:
    rules = [(rule, rule_in_words(rule)) for rule in staleness.rules_with_counts()]
    return render(request, "leaderboard/stale_rules.html", {"rules": rules})


@require_safe
@until_data_changes
def stale_rule(request: HttpRequest, pk: int) -> HttpResponse:
    """A rule, what it hits, and for each result what came after it."""
    rule = get_object_or_404(staleness.rules_with_counts(), pk=pk)
    found = staleness.reevaluations(rule)
    only = request.GET.get("only", "")
    shown = [
        one
        for one in found
        if not only
        or (only == "again" and one.fresh)
        or (only == "moved" and one.moved)
        or (only == "waiting" and not one.fresh)
    ]
    context = {
        "rule": rule,
        "words": rule_in_words(rule),
        "events": rule.events.select_related("by"),
        "reevaluations": shown,
        "n_again": sum(one.fresh is not None for one in found),
        "n_moved": sum(one.moved for one in found),
        "n_listed": len(found),
        "most": staleness.MOST_IN_FULL,
        "only": only,
        "choices": [("", "All"), ("again", "Evaluated again"), ("moved", "Score moved"), ("waiting", "Not yet")],
        "tolerance": staleness.TOLERANCE * 100,
    }
    return render(request, "leaderboard/stale_rule.html", context)
