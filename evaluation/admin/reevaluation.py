"""The operator's desk for stale results, rollbacks, drift and kept predictions."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.http import urlencode
from django.utils.safestring import SafeString

from evaluation.admin.runs import ReadOnly
from evaluation.models import DriftFinding, KeptPredictions, PackageSet
from evaluation.selectors.repeating import results_at_other_commits
from evaluation.services.drift import find_drift
from evaluation.services.predictions import delete_predictions
from evaluation.services.reruns import Reruns, rerun_results
from leaderboard.admin import AuditedByServices, actor
from leaderboard.models import ResultChoice, StaleResult, StaleRule, StaleRuleEvent, TaskResult
from leaderboard.permissions import ROLL_BACK
from leaderboard.selectors.staleness import rules_with_counts
from leaderboard.services.staleness import apply_rule, remove_rule, undo_rollback
from leaderboard.staleness import UnusableRule, version_range

MOST_REASONS = 10


def may_rerun(request: HttpRequest) -> bool:
    return request.user.has_perm("evaluation.change_evaluationrun")


def may_roll_back(request: HttpRequest) -> bool:
    return request.user.has_perm(ROLL_BACK)


class StaleRuleForm(forms.ModelForm):
    class Meta:
        model = StaleRule
        fields = (
            "reason", "reference", "kind", "effect", "tasks", "first_version", "last_version", "dataset_revision",
            "is_active",
        )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("kind") == StaleRule.Kind.MTEB_VERSIONS:
            try:
                version_range(cleaned.get("first_version", ""), cleaned.get("last_version", ""))
            except UnusableRule as error:
                self.add_error("first_version", str(error))
        return cleaned


@admin.register(StaleRule)
class StaleRuleAdmin(AuditedByServices):
    """A rule is applied when it is saved; switching it off or deleting it takes back what it did."""

    form = StaleRuleForm
    list_display = ["reason", "kind", "effect", "is_active", "n_stale", "n_current", "page"]
    list_filter = ["kind", "effect", "is_active"]
    search_fields = ["reason", "tasks__name"]
    autocomplete_fields = ["tasks"]
    show_full_result_count = False
    actions = ["rerun"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[StaleRule]:
        return rules_with_counts()

    @admin.display(description="stale")
    def n_stale(self, rule: Any) -> SafeString:
        address = reverse("admin:leaderboard_staleresult_changelist")
        return format_html('<a href="{}?rule__id__exact={}">{}</a>', address, rule.pk, rule.n_stale)

    @admin.display(description="counting")
    def n_current(self, rule: Any) -> int:
        return rule.n_current

    @admin.display(description="before and after")
    def page(self, rule: StaleRule) -> SafeString:
        return format_html('<a href="{}">open</a>', rule.get_absolute_url())

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """The tasks of the rule are stored only now."""
        super().save_related(request, form, formsets, change)
        event = apply_rule(rule=form.instance, by=actor(request))
        self.message_user(request, f"{event.n_stale} results are stale, {event.n_hidden} of them hidden.")

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """What a rule hits goes with it; that is many rows, which only the machine writes."""
        hits = StaleResult.objects.filter(rule__in=objs).count()
        return [str(rule) for rule in objs], {"rules": len(objs), "stale results": hits}, set(), []

    def delete_model(self, request: HttpRequest, obj: StaleRule) -> None:
        remove_rule(rule=obj, by=actor(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[StaleRule]) -> None:
        for rule in queryset:
            self.delete_model(request, rule)

    def has_rerun_permission(self, request: HttpRequest) -> bool:
        return may_rerun(request)

    @admin.action(description="Evaluate again what counts of the stale results", permissions=["rerun"])
    def rerun(self, request: HttpRequest, queryset: QuerySet[StaleRule]) -> None:
        stale = TaskResult.objects.filter(stale_by__rule__in=queryset)
        counting = stale.filter(current__isnull=False) | stale.filter(stale_by__hides=True)
        outcome = rerun_results(results=_with_models(counting.distinct()), requested_by=actor(request))
        say_what_was_queued(self, request, outcome)


def _with_models(results: QuerySet[TaskResult]) -> QuerySet[TaskResult]:
    return results.select_related("task", "model_revision__model_meta", "variant__model_meta", "cell_set").defer(
        "payload", "main_scores"
    )


def say_what_was_queued(desk: admin.ModelAdmin, request: HttpRequest, outcome: Reruns) -> None:
    links = format_html_join(
        ", ", '<a href="{}">run {}</a>', ((run.get_absolute_url(), run.pk) for run in outcome.runs)
    )
    if outcome.runs:
        words = format_html("{} tasks are queued in the background lane: {}.", outcome.n_tasks, links)
        desk.message_user(request, words, messages.SUCCESS)
    for reason in outcome.skipped[:MOST_REASONS]:
        desk.message_user(request, f"Skipped. {reason}", messages.WARNING)
    if more := outcome.skipped[MOST_REASONS:]:
        desk.message_user(request, f"{len(more)} more were skipped.", messages.WARNING)
    if not outcome.runs and not outcome.skipped:
        desk.message_user(request, "No such result counts, so there is nothing to evaluate again.", messages.WARNING)


@admin.register(StaleResult)
class StaleResultAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ["model_name", "task_name", "score_page", "mteb_version", "dataset_revision", "rule", "hides"]
    list_filter = ["rule", "hides"]
    list_select_related = ["rule", "result__task", "result__model_revision__model_meta", "result__variant"]
    search_fields = ["result__model_revision__model_meta__name", "result__task__name"]
    list_display_links = None
    list_per_page = 50
    show_full_result_count = False
    actions = ["rerun"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[StaleResult]:
        return super().get_queryset(request).defer("result__payload", "result__main_scores")

    @admin.display(description="model", ordering="result__model_revision__model_meta__name")
    def model_name(self, hit: StaleResult) -> str:
        return hit.result.model_revision.model_meta.name

    @admin.display(description="task", ordering="result__task__name")
    def task_name(self, hit: StaleResult) -> str:
        return hit.result.task.name

    @admin.display(description="results")
    def score_page(self, hit: StaleResult) -> SafeString:
        return _results_link(hit.result)

    @admin.display(ordering="result__mteb_version")
    def mteb_version(self, hit: StaleResult) -> str | None:
        return hit.result.mteb_version

    @admin.display(ordering="result__dataset_revision")
    def dataset_revision(self, hit: StaleResult) -> str | None:
        return hit.result.dataset_revision

    def has_rerun_permission(self, request: HttpRequest) -> bool:
        return may_rerun(request)

    @admin.action(description="Evaluate the models again on these tasks", permissions=["rerun"])
    def rerun(self, request: HttpRequest, queryset: QuerySet[StaleResult]) -> None:
        results = TaskResult.objects.filter(stale_by__in=queryset.order_by()).distinct()
        outcome = rerun_results(results=_with_models(results), requested_by=actor(request))
        say_what_was_queued(self, request, outcome)


def _results_link(result: TaskResult) -> SafeString:
    asked = {"model": result.model_revision.model_meta.name, "task": result.task.name, "result": str(result.pk)}
    return format_html('<a href="{}?{}">open</a>', reverse("results"), urlencode(asked))


@admin.register(StaleRuleEvent)
class StaleRuleEventAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ["at", "by", "rule_text", "n_stale", "n_hidden"]
    list_select_related = ["by"]
    date_hierarchy = "at"


@admin.register(ResultChoice)
class ResultChoiceAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ["result", "reason", "by", "at", "undone_by", "undone_at"]
    list_select_related = ["result__task", "result__model_revision__model_meta", "by", "undone_by"]
    list_filter = ["undone_at"]
    search_fields = ["result__task__name", "result__model_revision__model_meta__name", "reason"]
    actions = ["undo"]

    def has_undo_permission(self, request: HttpRequest) -> bool:
        return may_roll_back(request)

    @admin.action(description="Undo: let the usual rule decide again", permissions=["undo"])
    def undo(self, request: HttpRequest, queryset: QuerySet[ResultChoice]) -> None:
        open_ones = list(queryset.filter(undone_at=None))
        for choice in open_ones:
            undo_rollback(choice=choice, by=actor(request))
        self.message_user(request, f"{len(open_ones)} rollbacks were undone.", messages.SUCCESS)


@admin.register(DriftFinding)
class DriftFindingAdmin(ReadOnly, admin.ModelAdmin):
    """The report of the nightly comparison."""

    list_display = ["summary", "kind", "n_results", "found_at", "last_found_at", "gone_at", "what_to_do"]
    list_filter = ["kind", ("gone_at", admin.EmptyFieldListFilter)]
    list_select_related = ["task", "model_meta", "later__model_revision__model_meta", "later__task"]
    search_fields = ["summary", "task__name", "model_meta__name"]
    show_full_result_count = False
    actions = ["look_again", "rerun", "rerun_at_newest_commit"]

    @admin.display(description="next")
    def what_to_do(self, finding: DriftFinding) -> SafeString:
        if finding.later:
            return _results_link(finding.later)
        if finding.kind == DriftFinding.Kind.DATASET:
            asked = urlencode({"kind": StaleRule.Kind.DATASET_REVISION, "tasks": str(finding.task_id)})
            address = reverse("admin:leaderboard_stalerule_add")
            return format_html('<a href="{}?{}">make a rule</a>', address, asked)
        about = finding.task or finding.model_meta
        return format_html('<a href="{}">open</a>', about.get_absolute_url()) if about else SafeString("")

    def has_rerun_permission(self, request: HttpRequest) -> bool:
        return may_rerun(request)

    @admin.action(description="Compare everything again now", permissions=["rerun"])
    def look_again(self, request: HttpRequest, queryset: QuerySet[DriftFinding]) -> None:
        self.message_user(request, f"{find_drift()} findings are open.", messages.SUCCESS)

    @admin.action(description="Evaluate the later results of these once more", permissions=["rerun"])
    def rerun(self, request: HttpRequest, queryset: QuerySet[DriftFinding]) -> None:
        results = TaskResult.objects.filter(pk__in=queryset.order_by().values("later"))
        outcome = rerun_results(results=_with_models(results), requested_by=actor(request))
        say_what_was_queued(self, request, outcome)

    @admin.action(description="Evaluate these models again at the newest commit of the Hub", permissions=["rerun"])
    def rerun_at_newest_commit(self, request: HttpRequest, queryset: QuerySet[DriftFinding]) -> None:
        moved = queryset.filter(kind=DriftFinding.Kind.MODEL).order_by()
        results = results_at_other_commits().filter(model_revision__model_meta__in=moved.values("model_meta"))
        outcome = rerun_results(
            results=_with_models(results.distinct()), requested_by=actor(request), at_newest_commit=True
        )
        say_what_was_queued(self, request, outcome)


@admin.register(KeptPredictions)
class KeptPredictionsAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ["of_what", "run", "size", "created_at", "deleted_at"]
    list_select_related = ["result__task", "result__model_revision__model_meta", "withheld_result", "run__model_meta"]
    actions = ["delete_files"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[KeptPredictions]:
        return super().get_queryset(request).defer("worst", "result__payload", "withheld_result__payload")

    @admin.display(description="result")
    def of_what(self, kept: KeptPredictions) -> str:
        return str(kept.result or kept.withheld_result)

    def has_rerun_permission(self, request: HttpRequest) -> bool:
        return may_rerun(request)

    @admin.action(description="Delete the files", permissions=["rerun"])
    def delete_files(self, request: HttpRequest, queryset: QuerySet[KeptPredictions]) -> None:
        kept = list(queryset.exclude(path=""))
        for one in kept:
            delete_predictions(kept=one, by=actor(request))
        self.message_user(request, f"{len(kept)} files were deleted.", messages.SUCCESS)


@admin.register(PackageSet)
class PackageSetAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ["digest", "first_seen_at"]
