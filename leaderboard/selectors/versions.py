"""Which version of the data the boards show."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from django.utils import timezone

from leaderboard.models import DataVersion


class Version(NamedTuple):
    number: int
    day: date


def data_version() -> int:
    """The number that grows with every change of what pages show; 0 before the first result."""
    return DataVersion.objects.order_by("-number").values_list("number", flat=True).first() or 0


def latest_version() -> Version:
    """The same with the day (UTC) since when it is shown; before the first result that is today."""
    latest = DataVersion.objects.order_by("-number").first()
    return Version(latest.number, latest.changed_at.date()) if latest else Version(0, timezone.now().date())
