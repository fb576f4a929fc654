"""How values of the model page read."""

from __future__ import annotations

from django import template

from leaderboard.tables import model_metas

register = template.Library()
register.filter("strength_bar", model_metas.strength_bar)
register.filter("duration", model_metas.duration_text)
