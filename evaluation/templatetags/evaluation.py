"""How times read on pages about runs."""

from __future__ import annotations

from datetime import datetime, timedelta

from django import template

register = template.Library()


@register.filter
def moment(value: datetime) -> str:
    return f"{value:%Y-%m-%d %H:%M} UTC"


@register.filter
def duration(value: timedelta) -> str:
    """To the second below a minute, to the minute below a day, then to the hour."""
    seconds = round(value.total_seconds())
    if seconds < 60:
        return f"{seconds} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    days, hours = divmod(round(seconds / 3600), 24)
    return f"{days} d {hours} h" if hours else f"{days} d"
