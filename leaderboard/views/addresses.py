"""What the address of a page asks for."""

from __future__ import annotations

from typing import TypeVar

from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404

from leaderboard.models import ModelMeta, Scope, Task

Named = TypeVar("Named", Task, ModelMeta)


def named(kind: type[Named], name: str) -> Named:
    """The task or model of that name, else 404; PostgreSQL refuses to look for a NUL."""
    if "\0" in name:
        raise Http404
    return get_object_or_404(kind, name=name)


def scope_of(request: HttpRequest) -> Scope:
    """Everything, unless the address asks for official results only."""
    return Scope.OFFICIAL if request.GET.get("source") == Scope.OFFICIAL else Scope.ALL
