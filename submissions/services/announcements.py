"""Announcements: pages that are kept in memory change with them at once."""

from __future__ import annotations

from django.db import transaction

from leaderboard.services.boards import bump_data_version
from submissions.models import Announcement


@transaction.atomic
def save_announcement(*, announcement: Announcement) -> None:
    announcement.save()
    bump_data_version()


@transaction.atomic
def delete_announcement(*, announcement: Announcement) -> None:
    announcement.delete()
    bump_data_version()
