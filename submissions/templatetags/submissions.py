"""How the front door words what it knows."""

from __future__ import annotations

from django import template
from django.conf import settings

register = template.Library()

MINUTE, HOUR, DAY = 60, 3600, 24 * 3600


@register.filter
def rough_duration(seconds: float) -> str:
    """As precise as a guess deserves: under a minute, 12 minutes, 3 hours, 2 days."""
    if seconds < MINUTE:
        return "a minute"
    for length, name in ((DAY, "day"), (HOUR, "hour"), (MINUTE, "minute")):
        if seconds >= length:
            n = round(seconds / length)
            return f"{n} {name}{'' if n == 1 else 's'}"
    raise AssertionError


@register.simple_tag
def currency() -> str:
    return settings.CURRENCY
