"""The administrators' desk for API tokens: whose they are, when they were used last, and an end to them."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from leaderboard.admin import AuditedHistory, actor
from submissions.models import ApiToken
from submissions.services.tokens import revoke_token


@admin.register(ApiToken)
class ApiTokenAdmin(AuditedHistory):
    list_display = ("name", "beginning", "user", "scopes", "last_used_at", "expires_at", "revoked_at")
    list_select_related = ("user",)
    search_fields = ("name", "beginning", "user__username")
    exclude = ("digest",)
    show_full_result_count = False
    actions = ("revoke",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [field.name for field in self.model._meta.fields if field.name != "digest"]

    @admin.action(description="Revoke the selected tokens", permissions=["change"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiToken]) -> None:
        for token in queryset.select_related("user"):
            revoke_token(token=token, by=actor(request))
        self.message_user(request, "Revoked.", messages.SUCCESS)
