"""The pages of languages and scripts."""

from __future__ import annotations

from functools import partial

from django.http import Http404, HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from leaderboard.exports.pools import language_sheet
from leaderboard.freshness import until_data_changes
from leaderboard.languages import bare_code, split_code
from leaderboard.models import Scope
from leaderboard.search_terms import cleaned
from leaderboard.selectors import language_boards
from leaderboard.selectors.language_boards import LanguageEntry, boards_with, language_board, language_titles
from leaderboard.selectors.languages import find_language, language_name
from leaderboard.tables.pools import LanguageTable, ScriptTable
from leaderboard.views.addresses import scope_of
from leaderboard.views.exports import export_addresses, exported, view_address
from leaderboard.views.pools import PoolPage, show_page


@require_safe
@until_data_changes
def language_list(request: HttpRequest) -> HttpResponseBase:
    """Every language with results, by name and by script."""
    entries = language_boards.languages_of(language_boards.language_entries(scope_of(request)))
    scripts = language_boards.scripts_of(entries)
    script = request.GET.get("script", "")
    wanted = cleaned(request.GET.get("q", ""))
    found = [entry for entry in entries if (not script or entry.script == script) and _has(entry, wanted)]
    context = {"wanted": wanted, "script": script, "scripts": scripts, "total": len(entries)}
    return _list(request, found, LanguageTable, "Languages", context)


@require_safe
@until_data_changes
def script_list(request: HttpRequest) -> HttpResponseBase:
    """Every script with results."""
    entries = [entry for entry in language_boards.language_entries(scope_of(request)) if entry.is_script]
    return _list(request, entries, ScriptTable, "Scripts", {"total": len(entries)})


def _has(entry: LanguageEntry, wanted: str) -> bool:
    """Whether the words are part of the name, or begin the code."""
    return wanted.casefold() in entry.name.casefold() or entry.code.casefold().startswith(wanted.casefold())


def _list(
    request: HttpRequest,
    entries: list[LanguageEntry],
    kind: type[LanguageTable],
    title: str,
    context: dict[str, object],
) -> HttpResponseBase:
    scope = scope_of(request)
    table = kind(entries, scope=scope, sort=request.GET.get("sort", ""))
    about = f"{title} with results; the first model by win rate."
    answer = exported(
        request, lambda: language_sheet(table.data.data, title=title, about=about, address=view_address(request))
    )
    shared = {"title": title, "caption": title, "found": len(entries), "scope": scope, "scopes": Scope}
    shared["export_addresses"] = export_addresses(request)
    return answer or render(
        request, "leaderboard/language_list.html", {**shared, **show_page(request, table), **context}
    )


@require_safe
@until_data_changes
def language(request: HttpRequest, code: str) -> HttpResponseBase:
    """The models in a language: `eng-Latn`, or in all its scripts where it has several: `zho`."""
    canonical = _canonical(scope_of(request), code)
    if canonical != code:
        return _elsewhere(request, "language", canonical)
    title = language_titles([code])[code]
    if title.is_script:
        return _elsewhere(request, "script", code)
    board_of = partial(language_board, scope_of(request), code)
    has_results = board_of() is not None
    context = {
        "code": code,
        "siblings": _siblings(scope_of(request), code),
        "script": language_titles([split_code(code)[1]]).popitem()[1] if "-" in code else None,
        "boards": boards_with(code) if has_results else [],
    }
    name = title.name if has_results else language_name(code)
    return PoolPage(request, board_of, name, f"in {name}").answer("leaderboard/language.html", context)


def _canonical(scope: Scope, code: str) -> str:
    """The code of the page that the address means; names are understood too. Raises Http404 for no language at all."""
    if "\0" in code:
        raise Http404
    codes = {entry.code for entry in language_boards.language_entries(scope)}
    found = code if code in codes else find_language(code)
    if found is None:
        raise Http404
    scripts = [other for other in codes if bare_code(other) == found]
    return scripts[0] if found not in codes and len(scripts) == 1 else found


def _elsewhere(request: HttpRequest, name: str, code: str) -> HttpResponseRedirect:
    query = f"?{request.GET.urlencode()}" if request.GET else ""
    return HttpResponseRedirect(reverse(name, args=[code]) + query)


def _siblings(scope: Scope, code: str) -> list[LanguageEntry]:
    """The same language in other scripts, and in all of them."""
    entries = language_boards.language_entries(scope)
    bare = bare_code(code)
    return [entry for entry in entries if entry.code != code and bare_code(entry.code) == bare]


@require_safe
@until_data_changes
def script(request: HttpRequest, code: str) -> HttpResponseBase:
    """The models in all languages of a script."""
    entries = language_boards.language_entries(scope_of(request))
    if code not in {entry.code for entry in entries if entry.is_script}:
        raise Http404
    title = language_titles([code])[code]
    languages = [entry for entry in entries if entry.script == code]
    context = {"code": code, "languages": languages, "boards": boards_with(code)}
    board_of = partial(language_board, scope_of(request), code)
    where = f"in languages written in {title.name}"
    return PoolPage(request, board_of, title.name, where).answer("leaderboard/script.html", context)
