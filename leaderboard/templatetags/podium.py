"""How values read in templates."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from leaderboard.tables import boards, cells

register = template.Library()
register.filter("breakable", cells.breakable)
register.filter("spaced", cells.spaced)
register.filter("score", cells.score_text)
register.filter("day", cells.date_text)
register.filter("short_revision", cells.revision_text)
register.filter("ranking_rule", boards.ranking_rule)
register.filter("leading_mean", boards.leading_mean)


@register.filter
def known(value: Any) -> SafeString | Any:
    """The value, or a muted "unknown" for nothing."""
    if value is None or value == "" or value == []:
        return format_html('<span class="unknown">{}</span>', "unknown")
    return value


@register.filter
def quantity(number: int | None) -> str | SafeString:
    return known(None) if number is None else cells.quantity_text(number)


@register.filter
def joined(values: list[str] | None) -> str | SafeString:
    """A list as text; "unknown" for none."""
    return ", ".join(str(value) for value in values) if values else known(None)


@register.filter
def yes_no(value: bool | None) -> str | SafeString:
    return known(None) if value is None else "yes" if value else "no"


@register.filter
def origin(kind: str) -> str:
    return cells.ORIGIN_LABELS[kind]


@register.filter
def is_address(text: str | None) -> bool:
    """Whether a reference may be made a link."""
    return bool(text) and str(text).startswith(("https://", "http://"))
