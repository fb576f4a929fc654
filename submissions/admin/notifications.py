"""The operator's desk for what was sent: to read, and to send again."""

from __future__ import annotations

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from evaluation.admin.runs import ReadOnly
from submissions.models import Delivery
from submissions.services.notifications import send_again


@admin.register(Delivery)
class DeliveryAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ["notification", "channel", "state", "attempts", "available_at", "ended_at", "error"]
    list_filter = ["state", "channel"]
    list_select_related = ["notification"]
    search_fields = ["notification__recipient__username", "notification__facts__name", "error"]
    show_full_result_count = False
    actions = ["again"]

    @admin.action(description="Send the selected deliveries that failed again", permissions=["view"])
    def again(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        failed = list(queryset.filter(state=Delivery.State.FAILED))
        for delivery in failed:
            send_again(delivery=delivery)
        self.message_user(request, f"{len(failed)} deliveries are sent again.", messages.SUCCESS)
