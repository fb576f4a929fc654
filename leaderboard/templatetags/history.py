"""How changes read in templates."""

from __future__ import annotations

from django import template

from leaderboard.rank_moves import Move
from leaderboard.tables import changes
from leaderboard.tables.boards import COLUMN_LABELS
from leaderboard.tables.cells import MINUS

register = template.Library()
register.filter("pushes", changes.pushes_text)
register.filter("change", changes.change_text)
register.filter("reason", changes.reason_text)


@register.filter
def points(difference: float) -> str:
    """A difference of scores as it reads in a table that shows them x 100: +1.25 points."""
    return f"{difference * 100:+.2f} points".replace("-", MINUS)


@register.filter
def mean_label(name: str) -> str:
    return COLUMN_LABELS[name]


@register.filter
def places(move: Move) -> str:
    """A move in plain text, for readers without our colours and arrows."""
    if move.before is None:
        return f"entered at rank {move.now.rank}" if move.now else ""
    return f"rank {move.before.rank}, now {move.now.rank}" if move.now else f"left from rank {move.before.rank}"
