"""How values of the model page read."""

from __future__ import annotations

from django import template

from leaderboard.metadata import ClaimedValue, origin_label, shown
from leaderboard.tables import model_metas

register = template.Library()
register.filter("strength_bar", model_metas.strength_bar)
register.filter("duration", model_metas.duration_text)


@register.filter
def claimed(said: ClaimedValue, field: str) -> str:
    """What another origin says of a field, and who."""
    return f"{shown(field, said.value)} ({origin_label(said.origin)})"
