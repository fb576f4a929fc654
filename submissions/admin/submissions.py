"""The moderators' desk: what waits for a decision, what is known of it, and the decision."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import flatten_fieldsets
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timesince import timesince

from evaluation.services.runs import EvaluationError
from leaderboard.models import BenchmarkTask, Task
from submissions.checks import Outcome
from submissions.metadata import shown_facts
from submissions.models import Submission
from submissions.services import submissions as services

NOTHING = "-"
OUTCOME_WORDS = {Outcome.OK: "fine", Outcome.WARNING: "note", Outcome.ERROR: "problem"}


class RejectForm(forms.Form):
    reason = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 4, "cols": 80}),
        max_length=2000,
        help_text="The submitter reads it on the submission's page.",
        error_messages={"required": "Say why: the submitter reads the reason on the submission's page."},
    )


class WorstCheckFilter(admin.SimpleListFilter):
    title = "checks"
    parameter_name = "checks"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("notes", "with notes"), ("fine", "all fine")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Submission]) -> QuerySet[Submission]:
        with_notes = {"checks__contains": [{"outcome": Outcome.WARNING.value}]}
        match self.value():
            case "notes":
                return queryset.filter(**with_notes)
            case "fine":
                return queryset.exclude(**with_notes)
            case _:
                return queryset


@admin.register(Submission)
class SubmissionAdmin(admin.ModelAdmin):
    list_display = ("model_name", "submitter", "boards", "n_tasks", "state", "age", "worst_check")
    list_filter = ("state", WorstCheckFilter, "source_kind", ("benchmarks", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("submitter",)
    list_per_page = 50
    search_fields = ("model_name", "model_revision", "submitter__username")
    show_full_result_count = False
    date_hierarchy = "created_at"
    actions = ("approve_selected", "reject_selected")
    change_form_template = "submissions/admin/submission.html"
    fieldsets = (
        (None, {"fields": ("model_link", "revision", "source", "submitter", "created_at", "note")}),
        ("To be evaluated", {"fields": ("boards", "single_tasks", "n_tasks")}),
        ("Checks", {"fields": ("check_list",)}),
        ("What the repository says", {"fields": ("facts",)}),
        ("Decision", {"fields": ("state", "decided_by", "decided_at", "reason", "withdrawn_at", "evaluation")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Submission]:
        counted = BenchmarkTask.objects.only("benchmark_id", "task_id").order_by()
        return (
            super()
            .get_queryset(request)
            .prefetch_related(
                Prefetch("tasks", Task.objects.only("pk", "name")),
                "benchmarks",
                Prefetch("benchmarks__benchmark_tasks", counted),
            )
        )

    def get_readonly_fields(self, request: HttpRequest, obj: Submission | None = None) -> list[str]:
        return list(flatten_fieldsets(self.fieldsets))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Submission | None = None) -> bool:
        return False

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Facts only; the two buttons lead to `approve_one` and `reject_one`."""
        if request.method == "POST":
            return HttpResponseNotAllowed(["GET"])
        may_decide = self.has_change_permission(request)
        return super().change_view(
            request, object_id, form_url, (extra_context or {}) | {"may_decide": may_decide, "title": "Submission"}
        )

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/approve/", view(self.approve_one), name="submissions_submission_approve"),
            path("<int:pk>/reject/", view(self.reject_one), name="submissions_submission_reject"),
            *super().get_urls(),
        ]

    @admin.action(description="Approve the selected submissions", permissions=["change"])
    def approve_selected(self, request: HttpRequest, queryset: QuerySet[Submission]) -> None:
        for submission in queryset.order_by("pk"):
            self._approve(request, submission)

    @admin.action(description="Reject the selected submissions…", permissions=["change"])
    def reject_selected(self, request: HttpRequest, queryset: QuerySet[Submission]) -> HttpResponse | None:
        return self._reject(request, list(queryset.order_by("pk")), is_asked="reason" not in request.POST)

    def approve_one(self, request: HttpRequest, pk: int) -> HttpResponse:
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        submission = self._to_decide(request, pk)
        self._approve(request, submission)
        return self._back_to(submission)

    def reject_one(self, request: HttpRequest, pk: int) -> HttpResponse:
        submission = self._to_decide(request, pk)
        return self._reject(request, [submission], is_asked=request.method != "POST") or self._back_to(submission)

    def _to_decide(self, request: HttpRequest, pk: int) -> Submission:
        if not self.has_change_permission(request):
            raise PermissionDenied
        return get_object_or_404(Submission, pk=pk)

    def _back_to(self, submission: Submission) -> HttpResponseRedirect:
        return redirect("admin:submissions_submission_change", submission.pk)

    def _approve(self, request: HttpRequest, submission: Submission) -> None:
        self._decide(request, submission, services.approve, lambda approved: f"Approved; run {approved.run_id}.")

    def _reject(self, request: HttpRequest, submissions: list[Submission], *, is_asked: bool) -> HttpResponse | None:
        """The page that asks for the reason, or None once all are rejected."""
        form = RejectForm() if is_asked else RejectForm(request.POST)
        if is_asked or not form.is_valid():
            context = {
                **self.admin_site.each_context(request),
                "title": "Reject",
                "opts": self.opts,
                "submissions": submissions,
                "form": form,
                "is_action": "action" in request.POST,
            }
            return render(request, "submissions/admin/reject.html", context)
        reason = form.cleaned_data["reason"]
        for submission in submissions:
            self._decide(
                request,
                submission,
                partial(services.reject, reason=reason),
                lambda decided: f"Rejected: {decided.reason}",
            )
        return None

    def _decide(
        self,
        request: HttpRequest,
        submission: Submission,
        decision: Callable[..., Submission],
        describe: Callable[[Submission], str],
    ) -> None:
        user = request.user
        if not isinstance(user, User):
            raise PermissionDenied
        try:
            decided = decision(submission=submission, decided_by=user)
        except (services.SubmissionError, EvaluationError) as error:
            self.message_user(request, str(error), messages.ERROR)
            return
        self.log_change(request, decided, describe(decided))
        self.message_user(request, f"{decided}: {decided.get_state_display()}.", messages.SUCCESS)

    @admin.display(description="boards")
    def boards(self, submission: Submission) -> str:
        return ", ".join(board.title for board in submission.benchmarks.all()) or NOTHING

    @admin.display(description="single tasks")
    def single_tasks(self, submission: Submission) -> str:
        return ", ".join(task.name for task in submission.tasks.all()) or NOTHING

    @admin.display(description="tasks")
    def n_tasks(self, submission: Submission) -> int:
        """Each task once, from the rows that `get_queryset` fetched beforehand."""
        of_boards = {row.task_id for board in submission.benchmarks.all() for row in board.benchmark_tasks.all()}
        return len(of_boards | {task.pk for task in submission.tasks.all()})

    @admin.display(description="age", ordering="created_at")
    def age(self, submission: Submission) -> str:
        return timesince(submission.created_at, depth=1)

    @admin.display(description="worst check")
    def worst_check(self, submission: Submission) -> str:
        return OUTCOME_WORDS[submission.worst_outcome]

    @admin.display(description="model")
    def model_link(self, submission: Submission) -> SafeString:
        return format_html('<a href="{}">{}</a>', submission.get_absolute_url(), submission.model_name)

    @admin.display(description="revision")
    def revision(self, submission: Submission) -> str:
        asked = submission.requested_revision
        return submission.model_revision + (f" (asked for as “{asked}”)" if asked else "")

    @admin.display(description="read from")
    def source(self, submission: Submission) -> str:
        return submission.local_path or submission.get_source_kind_display()

    @admin.display(description="checks")
    def check_list(self, submission: Submission) -> SafeString:
        lines = (
            (check["name"], OUTCOME_WORDS[Outcome(check["outcome"])], check["sentence"]) for check in submission.checks
        )
        return format_html("<ul>{}</ul>", format_html_join("", "<li><strong>{} ({}):</strong> {}</li>", lines))

    @admin.display(description="facts")
    def facts(self, submission: Submission) -> SafeString:
        lines = ((fact.label, fact.value, fact.origin) for fact in shown_facts(submission.metadata))
        return format_html("<ul>{}</ul>", format_html_join("", "<li><strong>{}:</strong> {} ({})</li>", lines))

    @admin.display(description="evaluation")
    def evaluation(self, submission: Submission) -> SafeString | str:
        if submission.run is None:
            return NOTHING
        return format_html('<a href="{}">{}</a>', submission.run.get_absolute_url(), submission.run)
