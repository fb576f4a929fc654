"""Who may decide about results."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser, User

ROLL_BACK = "leaderboard.add_resultchoice"


def may_roll_back(user: User | AnonymousUser) -> bool:
    """Whether the desk, where that is done, lets them."""
    return user.is_staff and user.has_perm(ROLL_BACK)
