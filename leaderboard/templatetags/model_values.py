"""How values of the model page read."""

from __future__ import annotations

from django import template

from leaderboard.tables import cells, model_metas

register = template.Library()
register.filter("strength_bar", model_metas.strength_bar)
register.filter("duration", model_metas.duration_text)


@register.filter
def measure(number: float | None, unit: str = "") -> str:
    """A measured number with its unit."""
    return "unknown" if number is None else f"{cells.measure_text(number)} {unit}".rstrip()
