"""Announcements for every page, as templates ask for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest

from submissions.models import Announcement


def shown_on_every_page(request: HttpRequest) -> dict[str, Callable[[], Any]]:
    """A context processor: only a template that shows them asks the database."""
    return {"announcements": shown_announcements}


def shown_announcements() -> QuerySet[Announcement]:
    """The newest first."""
    return Announcement.objects.filter(is_shown=True)
