"""The search box: models, tasks and benchmarks whose name holds what was typed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Case, IntegerField, Q, QuerySet, Value, When
from django.db.models.functions import Length

from leaderboard.models import Benchmark, ModelMeta, Task

LIMIT = 40


@dataclass(frozen=True)
class Matches:
    """The first matches of a kind and how many there are."""

    title: str
    first: list[Any]
    total: int


def search(words: str) -> list[Matches]:
    """Each word must occur in the name; names that begin with the first word come first, then shorter ones."""
    terms = words.split()
    return [
        _matches("Boards", Benchmark.objects.filter(_all_in(terms, "name", "display_name", "description")), terms),
        _matches("Models", ModelMeta.objects.filter(_all_in(terms, "name")), terms),
        _matches("Tasks", Task.objects.filter(_all_in(terms, "name", "description")), terms),
    ]


def _all_in(terms: list[str], *fields: str) -> Q:
    condition = Q()
    for term in terms:
        anywhere = Q()
        for field in fields:
            anywhere |= Q(**{f"{field}__icontains": term})
        condition &= anywhere
    return condition


def _matches(title: str, found: QuerySet[Any], terms: list[str]) -> Matches:
    nearest = Case(
        When(name__istartswith=terms[0], then=Value(0)),
        When(name__icontains=terms[0], then=Value(1)),
        default=Value(2),
        output_field=IntegerField(),
    )
    first = list(found.order_by(nearest, Length("name"), "name")[:LIMIT])
    return Matches(title, first, len(first) if len(first) < LIMIT else found.count())
