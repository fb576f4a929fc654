"""The desk for metrics of custom tasks: the code to read, and two actions."""

from __future__ import annotations

from typing import cast

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from evaluation.admin.runs import ReadOnly
from evaluation.models import CustomMetric
from evaluation.services.custom_metrics import approve_metric, tasks_with_metric, withdraw_approval
from leaderboard.admin import AuditedHistory


@admin.register(CustomMetric)
class CustomMetricAdmin(ReadOnly, AuditedHistory):
    list_display = ["__str__", "tasks", "approved_at", "approved_by", "created_at", "shown_code"]
    list_filter = [("approved_at", admin.EmptyFieldListFilter)]
    list_select_related = ["approved_by"]
    search_fields = ["sha256", "code"]
    show_full_result_count = False
    readonly_fields = ["sha256", "tasks", "shown_code", "created_at", "approved_by", "approved_at"]
    actions = ["approve", "withdraw"]

    @admin.display(description="code")
    def shown_code(self, metric: CustomMetric) -> SafeString:
        return format_html("<pre>{}</pre>", metric.code)

    @admin.display(description="tasks")
    def tasks(self, metric: CustomMetric) -> str:
        return ", ".join(tasks_with_metric(metric).values_list("name", flat=True)) or "none"

    def has_act_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("evaluation.change_custommetric")

    @admin.action(description="Approve exactly this code", permissions=["act"])
    def approve(self, request: HttpRequest, queryset: QuerySet[CustomMetric]) -> None:
        for metric in queryset:
            approve_metric(sha256=metric.sha256, code=metric.code, approved_by=cast(User, request.user))
        self.message_user(request, "Approved. Tasks with this code can be evaluated now.", messages.SUCCESS)

    @admin.action(description="Take the approval back", permissions=["act"])
    def withdraw(self, request: HttpRequest, queryset: QuerySet[CustomMetric]) -> None:
        for metric in queryset:
            withdraw_approval(metric=metric, withdrawn_by=cast(User, request.user))
        self.message_user(request, "Tasks with this code are no longer evaluated.", messages.SUCCESS)
