"""Atom feeds of what changed: one entry for each day and kind of change."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any
from urllib.parse import urlsplit

from django.contrib.syndication.views import Feed
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed
from django.utils.http import urlencode
from django.utils.xmlutils import SimplerXMLGenerator

from leaderboard.models import Benchmark, Scope
from leaderboard.selectors.changes import Day, change_days, changes_on
from leaderboard.tables.changes import MOVES_SHOWN
from leaderboard.views.addresses import scope_of

DAYS = 14
MOVES_OF_ONE_BOARD = 50


class AtomWithContent(Atom1Feed):
    """Entries carry their text as content, not as a summary of something longer."""

    def add_item_elements(self, handler: SimplerXMLGenerator, item: dict[str, Any]) -> None:
        content = item.pop("description")
        super().add_item_elements(handler, {**item, "description": None})
        handler.addQuickElement("content", content, {"type": "html"})


@dataclass(frozen=True)
class Asked:
    """Which feed is asked for; `origin` is the scheme and host by which the reader knows this site."""

    benchmark: Benchmark | None
    scope: Scope
    origin: str

    def address(self, **parameters: str) -> str:
        """The page of changes with these parameters, on this board and in this scope."""
        if self.benchmark:
            parameters["board"] = self.benchmark.slug
        if self.scope == Scope.OFFICIAL:
            parameters["source"] = self.scope.value
        return reverse("changes") + (f"?{urlencode(parameters)}" if parameters else "")


@dataclass(frozen=True)
class Entry:
    """All changes of one kind on one day. Its id says which they are, so it stays when the text grows."""

    asked: Asked
    kind: str
    title: str
    day: Day

    @property
    def id(self) -> str:
        name = self.asked.benchmark.slug if self.asked.benchmark else "all"
        host = urlsplit(self.asked.origin).hostname
        return f"tag:{host},{self.day.day}:changes/{name}/{self.asked.scope.value}/{self.kind}"


class ChangesFeed(Feed):
    """What changed on all boards, or on the one that the address names."""

    feed_type = AtomWithContent
    author_name = "Podium"

    def get_object(self, request: HttpRequest, slug: str | None = None) -> Asked:
        benchmark = None if slug is None else get_object_or_404(Benchmark, slug=slug)
        return Asked(benchmark, scope_of(request), request.build_absolute_uri("/").rstrip("/"))

    def title(self, asked: Asked) -> str:
        suffix = " (official results only)" if asked.scope == Scope.OFFICIAL else ""
        return f"Podium: what changed on {asked.benchmark.name if asked.benchmark else 'all boards'}{suffix}"

    def subtitle(self, asked: Asked) -> str:
        return "New results and moves on the board, by day." if asked.benchmark else "New models, results and moves."

    def link(self, asked: Asked) -> str:
        return asked.address()

    def items(self, asked: Asked) -> list[Entry]:
        days = change_days(asked.scope, asked.benchmark)[:DAYS]
        return [entry for day in days for entry in _entries(asked, changes_on(day, asked.scope, asked.benchmark))]

    def item_title(self, entry: Entry) -> str:
        return entry.title

    def item_description(self, entry: Entry) -> str:
        asked = entry.asked
        context = {"entry": entry, "day": entry.day, "origin": asked.origin, "benchmark": asked.benchmark}
        shown = f":{MOVES_OF_ONE_BOARD if asked.benchmark else MOVES_SHOWN}"
        return render_to_string("leaderboard/feed_entry.html", {**context, "moves_shown": shown}).strip()

    def item_link(self, entry: Entry) -> str:
        return f"{entry.asked.address(day=entry.day.day.isoformat())}#{entry.kind}"

    def item_guid(self, entry: Entry) -> str:
        return entry.id

    def item_pubdate(self, entry: Entry) -> datetime:
        return _start(entry.day.day)

    def item_updateddate(self, entry: Entry) -> datetime:
        return entry.day.latest


def _start(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _entries(asked: Asked, day: Day) -> Iterator[Entry]:
    """Kinds without a change that day have no entry."""
    results = f"{_counted(day.n_results, 'new result')} of {_counted(day.n_models, 'model')}" if day.results else ""
    titles = {"models": _models_title(day), "results": results, "boards": _boards_title(day)}
    for kind, title in titles.items():
        if title:
            yield Entry(asked, kind, f"{title} on {day.day:%d %B %Y}".replace(" on 0", " on "), day)


def _models_title(day: Day) -> str:
    parts = []
    if day.new_models:
        parts.append(_counted(len(day.new_models), "new model"))
    if day.announced:
        parts.append(f"{_counted(len(day.announced), 'model')} heard of")
    return ", ".join(parts)


def _boards_title(day: Day) -> str:
    parts = []
    if day.led_anew:
        leads = [f"{change.new_leaders[0].model_name} leads {change.benchmark.name}" for change in day.led_anew[:2]]
        parts.append("; ".join(leads))
    if day.changed:
        parts.append(f"moves on {_counted(len(day.changed), 'board')}")
    if day.first_recorded:
        parts.append(f"{_counted(len(day.first_recorded), 'board')} recorded for the first time")
    title = "; ".join(parts)
    return title[:1].upper() + title[1:] if not day.led_anew else title


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'s' if number != 1 else ''}"
