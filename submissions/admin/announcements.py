"""The operator's desk for announcements."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from leaderboard.admin import AuditedByServices, actor
from submissions.models import Announcement
from submissions.services.announcements import delete_announcement, save_announcement


@admin.register(Announcement)
class AnnouncementAdmin(AuditedByServices):
    list_display = ["text", "kind", "is_shown", "created_at"]
    list_filter = ["kind", "is_shown"]
    search_fields = ["text"]
    show_full_result_count = False

    def save_model(self, request: HttpRequest, obj: Announcement, form: Any, change: bool) -> None:
        save_announcement(announcement=obj, by=actor(request))

    def delete_model(self, request: HttpRequest, obj: Announcement) -> None:
        delete_announcement(announcement=obj, by=actor(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Announcement]) -> None:
        for announcement in queryset:
            delete_announcement(announcement=announcement, by=actor(request))
