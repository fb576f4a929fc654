"""The moderators' desk: what waits for a decision, what is unusual about it, and the decision."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import flatten_fieldsets
from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timesince import timesince

from evaluation.admin.runs import MOST_AT_ONCE
from evaluation.models import Lane
from evaluation.services.runs import EvaluationError
from leaderboard.admin import AuditedHistory, actor
from leaderboard.models import BenchmarkTask, Task
from submissions.admin.audit import described_changes
from submissions.admin.decisions import DECISIONS, Decision
from submissions.admin.filters import (
    AgeFilter,
    ChecksFilter,
    OwnerFilter,
    SizeFilter,
    UnusualFilter,
    WaitingFilter,
)
from submissions.checks import Outcome, code_needed
from submissions.metadata import shown_facts
from submissions.models import SourceKind, Submission
from submissions.plausibility import GRAVE, LABELS, Kind
from submissions.selectors.moderation import QUEUE_ORDER, corrected_facts, files_on_hub, moderation_desk
from submissions.selectors.wishes import said_besides, task_lines
from submissions.services import moderation
from submissions.services import submissions as services
from submissions.services.errors import SubmissionError

NOTHING = "-"
OUTCOME_WORDS = {Outcome.OK: "fine", Outcome.WARNING: "note", Outcome.ERROR: "problem"}
SEEN = re.compile(r"\b([0-9]{1,18})\.([0-9]{1,9})\b")
"""A submission and the version of it that a page showed."""


@admin.register(Submission)
class SubmissionAdmin(AuditedHistory):
    list_display = ("model_name", "unusual", "asked", "submitter", "size", "standing", "age")
    list_filter = (
        "state",
        WaitingFilter,
        UnusualFilter,
        "lane",
        AgeFilter,
        SizeFilter,
        ChecksFilter,
        "source_kind",
        ("submitter", admin.RelatedOnlyFieldListFilter),
        ("organisation", admin.RelatedOnlyFieldListFilter),
        OwnerFilter,
        ("benchmarks", admin.RelatedOnlyFieldListFilter),
    )
    list_select_related = ("submitter", "plausibility", "run__model_meta")
    list_per_page = 50
    ordering = QUEUE_ORDER
    search_fields = ("model_name", "model_revision", "submitter__username", "note")
    show_full_result_count = False
    actions = ("approve_selected",)
    change_list_template = "submissions/admin/queue.html"
    change_form_template = "submissions/admin/submission.html"
    fieldsets = (
        (None, {"fields": ("model_link", "revision", "source", "files", "submitter", "created_at", "note")}),
        ("To be evaluated", {"fields": ("boards", "single_tasks", "n_tasks")}),
        ("What the submitter asks for and says", {"fields": ("said", "corrections")}),
        ("How it is run", {"fields": ("in_lane", "workers", "code")}),
        ("Checks", {"fields": ("check_list",)}),
        ("What the repository says", {"fields": ("facts",)}),
        ("Decision", {"fields": ("shown_state", "decided_by", "decided_at", "reason", "withdrawn_at", "evaluation")}),
    )

    class Media:
        css = {"all": ["css/moderation.css"]}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Submission]:
        counted = BenchmarkTask.objects.select_related("task").only("benchmark_id", "task__name").order_by()
        return (
            super()
            .get_queryset(request)
            .select_related(*self.list_select_related, "organisation")
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

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, {"title": "Submissions", **(extra_context or {})})

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Facts only; the buttons lead to pages of their own."""
        if request.method == "POST":
            return HttpResponseNotAllowed(["GET"])
        return super().change_view(request, object_id, form_url, {"title": "Submission", **(extra_context or {})})

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        """The page gets what surrounds the submission, too."""
        context |= self._desk(request, kwargs["obj"])
        return super().render_change_form(request, context, *args, **kwargs)

    def _desk(self, request: HttpRequest, submission: Submission) -> dict[str, Any]:
        desk = moderation_desk(submission)
        may_decide = self.has_change_permission(request)
        return {
            "desk": desk,
            "findings": desk.report.labelled if desk.report else [],
            "history": [(entry, described_changes(entry)) for entry in desk.history],
            "may_approve": may_decide and submission.state == Submission.State.PENDING,
            "decisions": [d for d in self._decisions(request) if submission.state in d.offered_in],
        }

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        pages = [
            path(f"<int:pk>/{d.name}/", view(partial(self.decide_one, decision=d)), name=d.address) for d in DECISIONS
        ]
        approval = path("<int:pk>/approve/", view(self.approve_one), name="submissions_submission_approve")
        return [approval, *pages, *super().get_urls()]

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Approving, and one action for each of the decisions."""
        actions = super().get_actions(request)
        for decision in self._decisions(request):
            action: Any = partial(self._decide_selected, decision=decision)
            actions[decision.action] = (action, decision.action, f"{decision.label}…")
        return actions

    def _decisions(self, request: HttpRequest) -> list[Decision]:
        """Those that the person may take."""
        if not self.has_change_permission(request):
            return []
        return [decision for decision in DECISIONS if request.user.has_perm(decision.permission)]

    @admin.action(description="Approve the selected submissions", permissions=["change"])
    def approve_selected(self, request: HttpRequest, queryset: QuerySet[Submission]) -> None:
        for submission in self._few_enough(request, queryset) or ():
            self._approve(request, submission)

    def _few_enough(self, request: HttpRequest, queryset: QuerySet[Submission]) -> list[Submission] | None:
        """The chosen ones in their order; None, which is said, where they are too many to be decided at once."""
        submissions = list(queryset.order_by(*QUEUE_ORDER)[: MOST_AT_ONCE + 1])
        if len(submissions) <= MOST_AT_ONCE:
            return submissions
        words = f"Choose {MOST_AT_ONCE} submissions at most: narrow the list first."
        self.message_user(request, words, messages.ERROR)
        return None

    @staticmethod
    def _decide_selected(
        desk: SubmissionAdmin, request: HttpRequest, queryset: QuerySet[Submission], *, decision: Decision
    ) -> HttpResponse | None:
        """The first call shows the page with the form; that page sends its rows and the form back here."""
        submissions = desk._few_enough(request, queryset)
        if submissions is None:
            return None
        return desk._ask_and_decide(request, decision, submissions, is_asked="decide" not in request.POST)

    def approve_one(self, request: HttpRequest, pk: int) -> HttpResponse:
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        submission = self._to_decide(request, pk)
        self._approve(request, submission)
        return self._back_to(submission)

    def decide_one(self, request: HttpRequest, pk: int, *, decision: Decision) -> HttpResponse:
        submission = self._to_decide(request, pk)
        if decision not in self._decisions(request):
            raise PermissionDenied
        page = self._ask_and_decide(request, decision, [submission], is_asked=request.method != "POST")
        return page or self._back_to(submission)

    def _to_decide(self, request: HttpRequest, pk: int) -> Submission:
        if not self.has_change_permission(request):
            raise PermissionDenied
        return get_object_or_404(Submission.objects.select_related("submitter", "plausibility"), pk=pk)

    def _back_to(self, submission: Submission) -> HttpResponseRedirect:
        return redirect("admin:submissions_submission_change", submission.pk)

    def _approve(self, request: HttpRequest, submission: Submission) -> None:
        self._take(request, submission, services.approve, "approved")

    def _ask_and_decide(
        self, request: HttpRequest, decision: Decision, submissions: list[Submission], *, is_asked: bool
    ) -> HttpResponse | None:
        """The page with the decision's form, or None once it is taken for all."""
        form = decision.form(initial=_as_it_is(submissions, decision)) if is_asked else decision.form(request.POST)
        if is_asked or not form.is_valid():
            return self._form_page(request, decision, submissions, form)
        for submission in submissions:
            self._take(request, submission, partial(decision.take, **form.cleaned_data), decision.done)
        return None

    def _form_page(
        self, request: HttpRequest, decision: Decision, submissions: list[Submission], form: forms.Form
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": decision.label,
            "opts": self.opts,
            "media": self.media,
            "decision": decision,
            "chosen": [(of, self.unusual(of), files_link(of)) for of in submissions],
            "form": form,
            "seen": _seen_words(request, submissions),
            "is_action": "action" in request.POST,
        }
        return render(request, "submissions/admin/decide.html", context)

    def _take(
        self, request: HttpRequest, submission: Submission, decision: Callable[..., Submission], done: str
    ) -> None:
        user = actor(request)
        try:
            decided = moderation.decide_as_seen(
                submission=submission, seen=_seen(request).get(submission.pk), decision=decision, decided_by=user
            )
        except (SubmissionError, EvaluationError) as error:
            self.message_user(request, str(error), messages.ERROR)
            return
        self.message_user(request, f"{decided}: {done}.", messages.SUCCESS)

    def action_checkbox(self, obj: Submission) -> SafeString:
        """With the version that the list shows, so that nothing else is decided about."""
        return format_html(
            '{}<input type="hidden" name="seen" value="{}">', super().action_checkbox(obj), _as_seen(obj)
        )

    @admin.display(description="unusual")
    def unusual(self, submission: Submission) -> SafeString | str:
        report = getattr(submission, "plausibility", None)
        if report is None:
            return "not looked at yet"
        kinds = [Kind(kind) for kind in report.kinds]
        badges = ((" is-grave" if kind in GRAVE else "", LABELS[kind]) for kind in kinds)
        return format_html_join(" ", '<span class="unusual{}">{}</span>', badges) or "nothing"

    @admin.display(description="size")
    def size(self, submission: Submission) -> str:
        report = getattr(submission, "plausibility", None)
        return (report.size_class if report else "") or NOTHING

    @admin.display(description="state", ordering="state")
    def shown_state(self, submission: Submission) -> str:
        return "waiting for an answer" if submission.waits_for_answer else submission.get_state_display()

    @admin.display(description="state", ordering="state")
    def standing(self, submission: Submission) -> str:
        """The state, with the lane where it is not that of everybody."""
        steered = submission.steered
        lane = f", {steered.get_lane_display()}" if steered.lane != Lane.NORMAL else ""
        return self.shown_state(submission) + lane

    @admin.display(description="asked for")
    def asked(self, submission: Submission) -> str:
        n_tasks = self.n_tasks(submission)
        titles = "; ".join(board.title for board in submission.benchmarks.all())
        return f"{n_tasks} task{'' if n_tasks == 1 else 's'}" + (f": {titles}" if titles else "")

    @admin.display(description="workers")
    def workers(self, submission: Submission) -> str:
        return submission.steered.worker_class or "any"

    @admin.display(description="lane")
    def in_lane(self, submission: Submission) -> str:
        return submission.steered.get_lane_display()

    @admin.display(description="allows remote code", boolean=True)
    def code(self, submission: Submission) -> bool:
        return submission.steered.allows_remote_code

    @admin.display(description="boards")
    def boards(self, submission: Submission) -> str:
        return ", ".join(board.title for board in submission.benchmarks.all()) or NOTHING

    @admin.display(description="single tasks")
    def single_tasks(self, submission: Submission) -> SafeString | str:
        lines = format_html_join("", "<li>{}</li>", ((line,) for line in task_lines(submission)))
        return format_html("<ul>{}</ul>", lines) if lines else NOTHING

    @admin.display(description="tasks")
    def n_tasks(self, submission: Submission) -> int:
        """Each task once, from the rows that `get_queryset` fetched beforehand."""
        of_boards = {row.task.name for board in submission.benchmarks.all() for row in board.benchmark_tasks.all()}
        return len(of_boards | {task.name for task in submission.tasks.all()} | submission.parts.keys())

    @admin.display(description="besides")
    def said(self, submission: Submission) -> SafeString:
        return format_html(
            "<ul>{}</ul>", format_html_join("", "<li><strong>{}:</strong> {}</li>", said_besides(submission))
        )

    @admin.display(description="corrected facts")
    def corrections(self, submission: Submission) -> SafeString | str:
        """On approval they are claims of the submitter about the model."""
        facts = ((fact.label, fact.value, fact.repository) for fact in corrected_facts(submission))
        lines = format_html_join("", "<li><strong>{}:</strong> {} (the repository says: {})</li>", facts)
        return format_html("<ul>{}</ul>", lines) if lines else NOTHING

    @admin.display(description="age", ordering="created_at")
    def age(self, submission: Submission) -> str:
        return timesince(submission.created_at, depth=1)

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

    @admin.display(description="files")
    def files(self, submission: Submission) -> SafeString | str:
        return files_link(submission)

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


def _as_seen(submission: Submission) -> str:
    return f"{submission.pk}.{submission.version}"


def _seen(request: HttpRequest) -> dict[int, int]:
    """The version of each submission that the person had before them when they decided."""
    words = " ".join([*request.POST.getlist("seen"), *request.GET.getlist("seen")])
    return {int(pk): int(version) for pk, version in SEEN.findall(words)}


def _seen_words(request: HttpRequest, submissions: list[Submission]) -> str:
    """To go along with a form: a version that an earlier page showed counts, not the one of now."""
    seen = _seen(request)
    return " ".join(f"{one.pk}.{seen.get(one.pk, one.version)}" for one in submissions)


def files_link(submission: Submission) -> SafeString | str:
    """To the Hub, at the commit that would be run: its code is read there before it is allowed."""
    if submission.source_kind != SourceKind.HUB:
        return submission.local_path
    words = "read the code at this commit" if code_needed(submission.checks) else "files at this commit"
    return format_html('<a href="{}" rel="noreferrer">{}</a>', files_on_hub(submission), words)


def _as_it_is(submissions: list[Submission], decision: Decision) -> dict[str, Any]:
    """What a single submission has now stands in the form; several may differ."""
    if len(submissions) != 1:
        return {}
    return decision.so_far(submissions[0], decision.form)
