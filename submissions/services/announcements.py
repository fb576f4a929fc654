"""Announcements: pages that are kept in memory change with them at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import transaction

from leaderboard.services.audit import record
from leaderboard.services.boards import bump_data_version
from submissions.models import Announcement

if TYPE_CHECKING:
    from django.contrib.auth.models import User


@transaction.atomic
def save_announcement(*, announcement: Announcement, by: User) -> None:
    known = Announcement.objects.select_for_update().filter(pk=announcement.pk).first()
    announcement.save()
    record(
        actor=by,
        action="changed" if known else "announced",
        subject=announcement,
        before=_content(known) if known else {},
        after=_content(announcement),
    )
    bump_data_version()


@transaction.atomic
def delete_announcement(*, announcement: Announcement, by: User) -> None:
    record(actor=by, action="deleted", subject=announcement, before=_content(announcement))
    announcement.delete()
    bump_data_version()


def _content(announcement: Announcement) -> dict[str, Any]:
    return {name: getattr(announcement, name) for name in ("text", "link", "kind", "is_shown")}
