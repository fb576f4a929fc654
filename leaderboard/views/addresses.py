"""What the address of a page asks for."""

from __future__ import annotations

from typing import TypeVar

from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404

from leaderboard.models import ModelMeta, Scope, Task

LONGEST_METRIC = 100
Named = TypeVar("Named", Task, ModelMeta)


def named(kind: type[Named], name: str) -> Named:
    """The task or model of that name, else 404; PostgreSQL refuses to look for a NUL."""
    if "\0" in name:
        raise Http404
    return get_object_or_404(kind, name=name)


def has_empty_parameters(request: HttpRequest) -> bool:
    """Whether a form made the address: it sends every field, also those that say nothing."""
    return any(not value for _, values in request.GET.lists() for value in values)


def without_empty_parameters(request: HttpRequest) -> str:
    """The address as a link has it."""
    query = request.GET.copy()
    for name, values in request.GET.lists():
        query.setlist(name, [value for value in values if value])
    return f"{request.path}?{query.urlencode()}" if query.urlencode() else request.path


def metric_of(request: HttpRequest) -> str:
    """The metric that is asked for instead of the main score; empty for none."""
    return request.GET.get("metric", "").replace("\0", "")[:LONGEST_METRIC]


def scope_of(request: HttpRequest) -> Scope:
    """Everything, unless the address asks for official results only."""
    return Scope.OFFICIAL if request.GET.get("source") == Scope.OFFICIAL else Scope.ALL
