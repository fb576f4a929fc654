"""The audit log, to search and to read."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from leaderboard.models import AuditEntry

NOTHING = "-"


@admin.register(AuditEntry)
class AuditEntryAdmin(admin.ModelAdmin):
    list_display = ("at", "actor_name", "action", "subject", "changes", "reason")
    list_filter = ("action", "subject_type", "actor_name")
    list_per_page = 50
    search_fields = ("actor_name", "action", "subject_name", "subject_id", "reason")
    show_full_result_count = False
    change_list_template = "submissions/admin/wide_list.html"
    date_hierarchy = "at"
    fields = readonly_fields = ("at", "actor_name", "action", "subject", "changes", "reason")

    class Media:
        css = {"all": ["css/moderation.css"]}

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: AuditEntry | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: AuditEntry | None = None) -> bool:
        return False

    @admin.display(description="what")
    def subject(self, entry: AuditEntry) -> SafeString | str:
        """Its name, as a link where the desk has a page for such things."""
        app, _, model = entry.subject_type.partition(".")
        try:
            address = reverse(f"admin:{app}_{model}_change", args=[entry.subject_id])
        except NoReverseMatch:
            return entry.subject_name
        return format_html('<a href="{}">{}</a>', address, entry.subject_name)

    @admin.display(description="what changed")
    def changes(self, entry: AuditEntry) -> str:
        return described_changes(entry)


def described_changes(entry: AuditEntry) -> str:
    """“lane: 0 → 1”; for what was changed by hand, Django's own words."""
    if "admin" in entry.after:
        return LogEntry(change_message=entry.after["admin"]).get_change_message() or NOTHING
    fields = list(dict.fromkeys([*entry.before, *entry.after]))
    return (
        "; ".join(f"{field}: {_side(entry.before, field)} → {_side(entry.after, field)}" for field in fields) or NOTHING
    )


def _side(values: dict[str, Any], field: str) -> str:
    value = values.get(field)
    if value is None or value == "":
        return NOTHING
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
