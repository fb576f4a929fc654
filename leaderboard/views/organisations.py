"""The pages of organisations."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from leaderboard.exports.organisations import organisation_sheet
from leaderboard.freshness import until_data_changes
from leaderboard.models import Scope
from leaderboard.search_terms import cleaned
from leaderboard.selectors import organisations
from leaderboard.tables.organisations import OrganisationModelTable, OrganisationTable, PlacementTable
from leaderboard.views.addresses import scope_of
from leaderboard.views.exports import export_addresses, exported, view_address
from leaderboard.views.pools import show_page


@require_safe
@until_data_changes
def organisation_list(request: HttpRequest) -> HttpResponse:
    """Every organisation."""
    scope = scope_of(request)
    entries = organisations.organisation_entries(scope)
    wanted = cleaned(request.GET.get("q", ""))
    found = [entry for entry in entries if wanted.casefold() in entry.name.casefold()]
    table = OrganisationTable(found, scope=scope, sort=request.GET.get("sort", ""))
    context = {
        "wanted": wanted,
        "total": len(entries),
        "found": len(found),
        "caption": "Organisations",
        "scope": scope,
        "scopes": Scope,
        **show_page(request, table),
    }
    return render(request, "leaderboard/organisation_list.html", context)


@require_safe
@until_data_changes
def organisation(request: HttpRequest, name: str) -> HttpResponseBase:
    """The models of an organisation, or its best placement on each board."""
    scope = scope_of(request)
    shown = None if "\0" in name else organisations.find_organisation(scope, name)
    if shown is None:
        raise Http404
    sort = request.GET.get("sort", "")
    if request.GET.get("view") == "boards":
        table: PlacementTable | OrganisationModelTable = PlacementTable(shown, scope=scope, sort=sort)
    else:
        table = OrganisationModelTable(shown, scope=scope, sort=sort)
    answer = exported(request, lambda: organisation_sheet(shown, table.data.data, address=view_address(request)))
    context = {
        "organisation": shown,
        "view": "boards" if isinstance(table, PlacementTable) else "models",
        "caption": f"{shown.name}: {'best placements' if isinstance(table, PlacementTable) else 'models'}",
        "export_addresses": export_addresses(request),
        "scope": scope,
        "scopes": Scope,
        **show_page(request, table),
    }
    return answer or render(request, "leaderboard/organisation.html", context)
