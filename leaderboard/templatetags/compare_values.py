"""How the figures of a comparison read."""

from __future__ import annotations

from django import template

from leaderboard.tables import comparisons
from leaderboard.tables.cells import DASH

register = template.Library()
register.filter("points", comparisons.points_text)
register.filter("bar", comparisons.bar)


@register.filter
def probability(value: float | None) -> str:
    return DASH if value is None else comparisons.probability_text(value)


@register.filter
def p_value(value: float | None) -> str:
    return DASH if value is None else comparisons.p_value_text(value)


@register.filter
def number(value: float | None) -> str:
    return DASH if value is None else comparisons.number_text(value)
