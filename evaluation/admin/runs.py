"""The operator's desk for runs: what happened stands there to read; actions go through the services."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from evaluation.models import EvaluationRun, EvaluationUnit, QueuePause, Worker
from evaluation.selectors.runs import queue_place, runs_with_progress
from evaluation.services.runs import EvaluationError, cancel_run, retry_failed_units
from leaderboard.admin import actor


class ReadOnly:
    """Rows that only the machine writes."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class UnitInline(ReadOnly, admin.TabularInline):
    model = EvaluationUnit
    fields = ["task", "state", "attempts", "progress", "failure_class", "error", "evaluation_time"]
    show_change_link = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[EvaluationUnit]:
        return super().get_queryset(request).select_related("task", "run__model_meta").defer("log")


@admin.register(EvaluationRun)
class EvaluationRunAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ["__str__", "state", "tasks_finished", "lane", "worker_class", "requested_by", "created_at"]
    list_filter = ["state", "created_at"]
    list_select_related = ["model_meta", "requested_by"]
    search_fields = ["model_meta__name", "revision", "requested_by__username"]
    show_full_result_count = False
    date_hierarchy = "created_at"
    readonly_fields = ["tasks_finished", "place"]
    inlines = [UnitInline]
    actions = ["cancel", "retry"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[EvaluationRun]:
        return runs_with_progress(super().get_queryset(request))

    @admin.display(description="tasks")
    def tasks_finished(self, run: Any) -> str:
        failed = f", {run.n_failed} failed" if run.n_failed else ""
        return f"{run.n_finished} of {run.n_units}{failed}"

    @admin.display(description="place in queue")
    def place(self, run: EvaluationRun) -> int | None:
        return queue_place(run)

    def has_act_permission(self, request: HttpRequest) -> bool:
        """Who may cancel and retry. The fields are read-only, so this is all that changing a run means."""
        return request.user.has_perm("evaluation.change_evaluationrun")

    @admin.action(description="Cancel the selected runs", permissions=["act"])
    def cancel(self, request: HttpRequest, queryset: QuerySet[EvaluationRun]) -> None:
        units = sum(cancel_run(run=run, by=actor(request)) for run in queryset)
        self.message_user(request, f"{units} unfinished tasks were cancelled.", messages.SUCCESS)

    @admin.action(description="Try failed and cancelled tasks of the selected runs again", permissions=["act"])
    def retry(self, request: HttpRequest, queryset: QuerySet[EvaluationRun]) -> None:
        units = 0
        for run in queryset:
            try:
                units += retry_failed_units(run=run, by=actor(request))
            except EvaluationError as error:
                self.message_user(request, f"{run}: {error}", messages.ERROR)
        self.message_user(request, f"{units} tasks are queued again.", messages.SUCCESS)


@admin.register(EvaluationUnit)
class EvaluationUnitAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ["task", "run", "state", "attempts", "failure_class", "worker", "started_at", "evaluation_time"]
    list_filter = ["state", "failure_class", "started_at"]
    list_select_related = ["task", "run__model_meta", "worker"]
    search_fields = ["task__name", "run__model_meta__name", "error"]
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[EvaluationUnit]:
        return super().get_queryset(request).defer("log")


@admin.register(Worker)
class WorkerAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ["host", "pid", "queue", "started_at", "last_seen", "answered_at", "draining", "stopped_at"]
    list_filter = ["queue", "draining"]
    search_fields = ["host"]
    show_full_result_count = False


@admin.register(QueuePause)
class QueuePauseAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ["started_at", "started_by", "reason", "ended_at", "ended_by"]
    list_select_related = ["started_by", "ended_by"]
    show_full_result_count = False
