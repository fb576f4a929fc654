"""The moderators' desk for organisations: who is in them, and whether the name is theirs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db.models import Count, QuerySet
from django.http import HttpRequest

from leaderboard.admin import AuditedHistory, actor
from submissions.models import Membership, Organisation
from submissions.services import organisations as services


class MembershipInline(admin.TabularInline):
    model = Membership
    fields = ("user", "role", "joined_at")
    readonly_fields = ("joined_at",)
    autocomplete_fields = ("user",)
    extra = 0

    def get_queryset(self, request: HttpRequest) -> QuerySet[Membership]:
        return super().get_queryset(request).select_related("user", "organisation")


@admin.register(Organisation)
class OrganisationAdmin(AuditedHistory):
    list_display = ("name", "confirmed_by", "confirmed_at", "n_members", "created_at")
    list_filter = ("confirmed_by",)
    search_fields = ("name", "members__username")
    readonly_fields = ("name", "confirmed_by", "confirmed_at", "created_at")
    show_full_result_count = False
    inlines = (MembershipInline,)
    actions = ("confirm", "take_back")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Organisation]:
        return super().get_queryset(request).annotate(n_members=Count("memberships"))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    @admin.display(description="members", ordering="n_members")
    def n_members(self, organisation: Any) -> int:
        return int(organisation.n_members)

    @admin.action(description="Confirm that the name is theirs", permissions=["change"])
    def confirm(self, request: HttpRequest, queryset: QuerySet[Organisation]) -> None:
        self._each(request, queryset, services.confirm_by_moderator, "Confirmed.")

    @admin.action(description="Take the confirmation back", permissions=["change"])
    def take_back(self, request: HttpRequest, queryset: QuerySet[Organisation]) -> None:
        self._each(request, queryset, services.take_back_confirmation, "Confirmation taken back.")

    def _each(
        self, request: HttpRequest, queryset: QuerySet[Organisation], change: Callable[..., Organisation], done: str
    ) -> None:
        for organisation in queryset.order_by("pk"):
            try:
                change(organisation=organisation, decided_by=actor(request))
            except services.OrganisationError as error:
                self.message_user(request, str(error), messages.ERROR)
            else:
                self.message_user(request, f"{organisation}: {done}", messages.SUCCESS)
