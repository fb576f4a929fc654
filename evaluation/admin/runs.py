"""The operator's desk for runs: what happened stands there to read; actions go through the services."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from evaluation.forms import LaneForm, WorkerClassForm
from evaluation.models import EvaluationRun, EvaluationUnit, QueuePause, Worker
from evaluation.selectors.runs import queue_place, runs_with_progress
from evaluation.services.runs import EvaluationError, cancel_run, retry_failed_units
from evaluation.services.steering import steer_run
from leaderboard.admin import AuditedHistory, actor
from leaderboard.wording import counted

# A form carries the number of each row, and Django takes a thousand fields.
MOST_AT_ONCE = 500


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
class EvaluationRunAdmin(ReadOnly, AuditedHistory):
    list_display = ["__str__", "state", "tasks_finished", "lane", "worker_class", "requested_by", "created_at"]
    list_filter = ["state", "lane", "created_at"]
    list_select_related = ["model_meta", "requested_by"]
    search_fields = ["model_meta__name", "revision", "requested_by__username"]
    show_full_result_count = False
    date_hierarchy = "created_at"
    readonly_fields = ["tasks_finished", "place"]
    inlines = [UnitInline]
    actions = ["cancel", "retry", "set_lane", "assign_workers"]

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

    @admin.action(description="Set the lane of the selected runs…", permissions=["act"])
    def set_lane(self, request: HttpRequest, queryset: QuerySet[EvaluationRun]) -> HttpResponse | None:
        return self._steer(request, queryset, LaneForm, "Set the lane")

    @admin.action(description="Assign the selected runs to workers…", permissions=["act"])
    def assign_workers(self, request: HttpRequest, queryset: QuerySet[EvaluationRun]) -> HttpResponse | None:
        return self._steer(request, queryset, WorkerClassForm, "Assign to workers")

    def _steer(
        self, request: HttpRequest, queryset: QuerySet[EvaluationRun], form_class: type[forms.Form], title: str
    ) -> HttpResponse | None:
        """The first call shows the page with the form; that page sends its rows and the form back here."""
        runs = list(queryset.order_by("pk")[: MOST_AT_ONCE + 1])
        if len(runs) > MOST_AT_ONCE:
            self.message_user(request, f"Choose {MOST_AT_ONCE} runs at most: narrow the list first.", messages.ERROR)
            return None
        form = form_class(request.POST) if "decide" in request.POST else form_class()
        if form.is_valid():
            self._steer_each(request, runs, form.cleaned_data)
            return None
        context = {
            **self.admin_site.each_context(request),
            "title": title,
            "opts": self.opts,
            "runs": runs,
            "form": form,
            "action": request.POST["action"],
            "checkbox": ACTION_CHECKBOX_NAME,
        }
        return render(request, "evaluation/admin/steer.html", context)

    def _steer_each(self, request: HttpRequest, runs: list[EvaluationRun], how: dict[str, Any]) -> None:
        steered = [steer_run(run=run, by=actor(request), **how) for run in runs]
        if n_steered := sum(steered):
            self.message_user(request, f"{counted(n_steered, 'run')} will be done so.", messages.SUCCESS)
        if n_finished := len(runs) - n_steered:
            self.message_user(request, f"{counted(n_finished, 'run')} had ended and stayed so.", messages.WARNING)


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
    list_display = [
        "host", "pid", "queue", "device_words", "memory", "cores", "label_list", "code",
        "started_at", "last_seen", "answered_at", "draining", "stopped_at",
    ]  # fmt: skip
    list_filter = ["queue", "draining", "device"]
    search_fields = ["host", "device_name"]
    show_full_result_count = False

    @admin.display(description="device", ordering="device")
    def device_words(self, worker: Worker) -> str:
        return worker.device_words

    @admin.display(description="memory for a task", ordering="memory_mb")
    def memory(self, worker: Worker) -> str | None:
        return worker.memory_words or None

    @admin.display(description="labels")
    def label_list(self, worker: Worker) -> str:
        return ", ".join(worker.labels)

    @admin.display(description="code of models", ordering="sandbox")
    def code(self, worker: Worker) -> str:
        return worker.code_words


@admin.register(QueuePause)
class QueuePauseAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ["started_at", "started_by", "reason", "ended_at", "ended_by"]
    list_select_related = ["started_by", "ended_by"]
    show_full_result_count = False
