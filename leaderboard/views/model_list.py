"""The index of models."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from leaderboard.exports.model_list import model_list_sheet
from leaderboard.freshness import until_data_changes
from leaderboard.models import Scope
from leaderboard.query_language import QueryError
from leaderboard.selectors import model_list
from leaderboard.selectors.model_list import ModelFilter
from leaderboard.selectors.model_queries import model_query_fields, models_matching
from leaderboard.tables.model_list import ModelListTable
from leaderboard.views.addresses import has_empty_parameters, scope_of, without_empty_parameters
from leaderboard.views.exports import export_addresses, exported, view_address
from leaderboard.views.pools import show_page
from leaderboard.views.queries import query_context, query_text, suggested
from leaderboard.wording import counted_of, sources


@require_safe
@until_data_changes
def model_index(request: HttpRequest) -> HttpResponseBase:
    """Every model, filtered and sorted."""
    if has_empty_parameters(request):
        return HttpResponseRedirect(without_empty_parameters(request))
    scope, text = scope_of(request), query_text(request)
    error, matching = None, None
    try:
        matching = models_matching(text) if text else None
    except QueryError as problem:
        error = problem
    chosen = ModelFilter({name: value for name in model_list.FACETS if (value := request.GET.get(name, ""))}, matching)
    entries = model_list.all_models(scope)
    found = [entry for entry in entries if chosen.keeps(entry)]
    table = ModelListTable(found, scope=scope, sort=request.GET.get("sort", ""))
    of_models = counted_of(len(found), len(entries), "model")
    about = f"{of_models}. Their tasks are counted from {sources(official_only=scope == Scope.OFFICIAL)}."
    answer = exported(request, lambda: model_list_sheet(table.data.data, about=about, address=view_address(request)))
    context = {
        "caption": "Models",
        "about": about,
        "total": len(entries),
        "found": len(found),
        "facets": model_list.facets(entries, chosen),
        "export_addresses": export_addresses(request),
        "scope": scope,
        "scopes": Scope,
        "query_fields": model_query_fields(),
        **query_context(request, error, reverse("model_suggestions")),
        **show_page(request, table),
    }
    return answer or render(request, "leaderboard/model_list.html", context)


@require_safe
@until_data_changes
def model_suggestions(request: HttpRequest) -> JsonResponse:
    """What may follow in the query field at the cursor, where no board is in view."""
    return suggested(request, model_query_fields())
