"""The moderators' desk for reruns: rules, what was rerun, how it came out, and flags."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString

from evaluation.services.runs import EvaluationError
from leaderboard.admin import actor
from leaderboard.models import Comparison, ResultFlag, TaskResult, TaskTolerance
from leaderboard.tables.cells import points_text
from submissions.models import SpotCheck, SpotCheckRule
from submissions.selectors.spot_checks import comparisons_by_result
from submissions.services.errors import SubmissionError
from submissions.services.spot_checks import request_spot_check


class FactsAdmin(admin.ModelAdmin):
    """What came about by itself: looked at here, changed nowhere."""

    show_full_result_count = False
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def _result_link(result: TaskResult) -> SafeString:
    model_meta, task = result.model_revision.model_meta, result.task
    asked = urlencode({"model": model_meta.name, "task": task.name, "result": str(result.pk)})
    return format_html('<a href="{}?{}">{} on {}</a>', reverse("results"), asked, model_meta, task)


@admin.register(Comparison)
class ComparisonAdmin(FactsAdmin):
    """The drift report: those that disagree first."""

    list_display = ("result", "agrees", "points", "tolerated", "cell", "n_cells", "created_at")
    list_filter = ("agrees", "reported__source__kind")
    search_fields = ("reported__model_revision__model_meta__name", "reported__task__name")
    actions = ("rerun",)
    ordering = ("agrees", "-difference", "-pk")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Comparison]:
        return comparisons_by_result().select_related("reported__variant")

    def has_rerun_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("submissions.add_spotcheck")

    @admin.action(description="Rerun and compare once more", permissions=["rerun"])
    def rerun(self, request: HttpRequest, queryset: QuerySet[Comparison]) -> None:
        by = actor(request)
        for comparison in queryset.order_by("pk"):
            try:
                check = request_spot_check(results=[comparison.reported], requested_by=by)
            except (SubmissionError, EvaluationError) as error:
                self.message_user(request, str(error), messages.ERROR)
            else:
                self.message_user(request, f"{check.run} is queued.", messages.SUCCESS)

    @admin.display(description="reported result")
    def result(self, comparison: Comparison) -> SafeString:
        return _result_link(comparison.reported)

    @admin.display(description="differs by (points)", ordering="difference")
    def points(self, comparison: Comparison) -> str:
        return points_text(comparison.difference)

    @admin.display(description="tolerated")
    def tolerated(self, comparison: Comparison) -> str:
        return points_text(comparison.tolerance)

    @admin.display(description="most in")
    def cell(self, comparison: Comparison) -> str:
        return f"{comparison.split} {comparison.subset}"


@admin.register(TaskTolerance)
class TaskToleranceAdmin(admin.ModelAdmin):
    list_display = ("task", "tolerance", "reason")
    list_select_related = ("task",)
    search_fields = ("task__name",)
    autocomplete_fields = ("task",)


@admin.register(SpotCheckRule)
class SpotCheckRuleAdmin(admin.ModelAdmin):
    list_display = ("name", "is_active", "picks", "benchmark", "n_models", "n_tasks", "every_days", "applied_at")
    list_select_related = ("benchmark",)
    list_filter = ("is_active", "picks")
    readonly_fields = ("applied_at",)


@admin.register(SpotCheck)
class SpotCheckAdmin(FactsAdmin):
    list_display = ("model_revision", "rule", "requested_by", "run_link", "state", "created_at")
    list_select_related = ("model_revision__model_meta", "rule", "requested_by", "run")
    list_filter = ("rule", "run__state")
    search_fields = ("model_revision__model_meta__name",)

    @admin.display(description="run")
    def run_link(self, check: SpotCheck) -> SafeString:
        return format_html('<a href="{}">run {}</a>', check.run.get_absolute_url(), check.run_id)

    @admin.display(description="state", ordering="run__state")
    def state(self, check: SpotCheck) -> str:
        return check.run.get_state_display()


@admin.register(ResultFlag)
class ResultFlagAdmin(FactsAdmin):
    """Decided on the flag's own page, where the thread stands."""

    list_display = ("flag_link", "result_link", "reason", "flagger", "state", "created_at")
    list_filter = ("state", "reason")
    list_select_related = ("result__task", "result__model_revision__model_meta", "flagger")
    search_fields = ("result__model_revision__model_meta__name", "result__task__name", "text")

    def get_queryset(self, request: HttpRequest) -> QuerySet[ResultFlag]:
        return super().get_queryset(request).defer("result__payload")

    @admin.display(description="flag")
    def flag_link(self, flag: ResultFlag) -> SafeString:
        return format_html('<a href="{}">flag {}: read and decide</a>', flag.get_absolute_url(), flag.pk)

    @admin.display(description="result")
    def result_link(self, flag: ResultFlag) -> SafeString:
        return _result_link(flag.result)
