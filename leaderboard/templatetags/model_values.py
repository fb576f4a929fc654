"""How values of the model page read."""

from __future__ import annotations

from django import template

from leaderboard.selectors.measurements import Speed
from leaderboard.tables import cells, model_metas

register = template.Library()
register.filter("strength_bar", model_metas.strength_bar)
register.filter("duration", model_metas.duration_text)


@register.filter
def measure(number: float | None, unit: str = "") -> str:
    """A measured number with its unit."""
    return "unknown" if number is None else f"{cells.measure_text(number)} {unit}".rstrip()


@register.filter
def cost(speed: Speed, price_per_hour: float) -> str:
    """Of a million tokens, in the currency of the price."""
    amount = speed.cost_per_million_tokens(price_per_hour)
    return "unknown" if amount is None else f"{amount:.4f}"
