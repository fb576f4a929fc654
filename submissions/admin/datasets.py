"""The desk for datasets: what was brought, and the decision."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ActionForm
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from leaderboard.admin import AuditedHistory
from leaderboard.models import Task
from submissions.models import DatasetUpload
from submissions.selectors.datasets import waiting_metrics
from submissions.services.datasets import DecisionRefused, approve_dataset, reject_dataset


class DecisionForm(ActionForm):
    reason = forms.CharField(required=False, max_length=2000, label="Reason (for rejecting)")


@admin.register(DatasetUpload)
class DatasetUploadAdmin(AuditedHistory):
    list_display = ["benchmark_name", "submitter", "source_kind", "n_tasks", "replaces", "state", "created_at"]
    list_filter = ["state", "source_kind"]
    list_select_related = ["submitter"]
    search_fields = ["benchmark_name", "hub_name", "submitter__username", "content"]
    show_full_result_count = False
    readonly_fields = [
        "benchmark_name",
        "submitter",
        "came_from",
        "content",
        "task_list",
        "replaces",
        "metrics",
        "note",
        "state",
        "decided_by",
        "decided_at",
        "reason",
        "benchmark",
    ]
    action_form = DecisionForm
    actions = ["approve", "reject"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: DatasetUpload | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """All fields are facts; decisions are actions."""
        return False

    def has_decide_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("submissions.change_datasetupload")

    @admin.display(description="tasks")
    def n_tasks(self, upload: DatasetUpload) -> int:
        return len(upload.tasks)

    @admin.display(description="tasks")
    def task_list(self, upload: DatasetUpload) -> SafeString:
        facts = ((task["name"], task["type"], task["n_samples"], task["main_score"]) for task in upload.tasks)
        return format_html("<ul>{}</ul>", format_html_join("", "<li>{}: {}, {} samples, {}</li>", facts))

    @admin.display(description="changes tasks of the board")
    def replaces(self, upload: DatasetUpload) -> str:
        names = [task["name"] for task in upload.tasks]
        return ", ".join(Task.objects.filter(name__in=names).values_list("name", flat=True)) or "none"

    @admin.display(description="metrics that wait for approval")
    def metrics(self, upload: DatasetUpload) -> str:
        return ", ".join(map(str, waiting_metrics(upload))) or "none"

    @admin.action(description="Put the selected datasets on the board", permissions=["decide"])
    def approve(self, request: HttpRequest, queryset: QuerySet[DatasetUpload]) -> None:
        for upload in queryset.order_by("pk"):
            try:
                changes = approve_dataset(upload=upload, decided_by=cast(User, request.user))
            except DecisionRefused as error:
                self.message_user(request, str(error), messages.ERROR)
            else:
                self.message_user(request, " ".join(changes) or f"{upload} changes nothing.", messages.SUCCESS)

    @admin.action(description="Reject the selected datasets for the reason given", permissions=["decide"])
    def reject(self, request: HttpRequest, queryset: QuerySet[DatasetUpload]) -> None:
        for upload in queryset.order_by("pk"):
            try:
                reject_dataset(
                    upload=upload, decided_by=cast(User, request.user), reason=request.POST.get("reason", "")
                )
            except DecisionRefused as error:
                self.message_user(request, str(error), messages.ERROR)
            else:
                self.message_user(request, f"{upload} was rejected.", messages.SUCCESS)
