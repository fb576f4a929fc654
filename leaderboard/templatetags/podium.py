"""How values read in templates."""

from __future__ import annotations

import re
from typing import Any

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from leaderboard.tables import boards, cells

# The address may hold a pair of parentheses of its own.
_LINK = re.compile(r"\[([^\[\]]+)\]\((https?://(?:[^\s()]|\([^\s()]*\))+)\)")

register = template.Library()
register.filter("breakable", cells.breakable)
register.filter("score", cells.score_text)
register.filter("signed_score", cells.difference_text)
register.filter("day", cells.date_text)
register.filter("short_revision", cells.revision_text)
register.filter("level_badge", cells.level_badge)
register.filter("points", cells.points_text)
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
def count(number: int | None) -> str | SafeString:
    return known(None) if number is None else thousands(number)


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
def paragraphs(text: str) -> SafeString:
    """The registry's prose, whose links are written as in Markdown; the rest is plain text."""
    found = [_linked(" ".join(part.split())) for part in re.split(r"\n\s*\n", text) if part.strip()]
    return format_html_join("", "<p>{}</p>", ([part] for part in found))


def _linked(text: str) -> SafeString:
    plain, *rest = _LINK.split(text)
    links = zip(rest[::3], rest[1::3], rest[2::3], strict=True)
    return format_html("{}{}", plain, format_html_join("", '<a href="{1}" rel="noopener">{0}</a>{2}', links))


@register.filter
def is_address(text: str | None) -> bool:
    """Whether a reference may be made a link."""
    return bool(text) and str(text).startswith(("https://", "http://"))


@register.filter
def thousands(number: int) -> str:
    """101854 -> 101,854."""
    return f"{number:,}"
