"""The moderators' desk for uploaded results."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from evaluation.admin.runs import MOST_AT_ONCE
from evaluation.services.runs import EvaluationError
from leaderboard.admin import AuditedHistory, actor
from submissions.admin.submissions import OUTCOME_WORDS
from submissions.checks import Outcome
from submissions.forms.moderation import RejectForm
from submissions.models import ResultUpload
from submissions.selectors.uploads import uploads_with_verdicts, worst_of
from submissions.services import uploads as services
from submissions.services.errors import SubmissionError


@admin.register(ResultUpload)
class ResultUploadAdmin(AuditedHistory):
    list_display = ("model_name", "submitter", "files_counted", "state", "created_at", "worst_check")
    list_filter = ("state",)
    list_select_related = ("submitter",)
    list_per_page = 50
    search_fields = ("model_name", "model_revision", "submitter__username")
    show_full_result_count = False
    actions = ("approve_selected", "reject_selected")
    change_form_template = "submissions/admin/upload.html"
    fields = (
        *("page", "model_revision", "submitter", "created_at", "note", "model_checks", "file_checks"),
        *("state", "decided_by", "decided_at", "reason"),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[ResultUpload]:
        return uploads_with_verdicts(super().get_queryset(request)).order_by("-pk")

    def get_readonly_fields(self, request: HttpRequest, obj: ResultUpload | None = None) -> list[str]:
        return list(self.fields)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: ResultUpload | None = None) -> bool:
        return False

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Facts only; the two buttons lead to `approve_one` and `reject_one`."""
        if request.method == "POST":
            return HttpResponseNotAllowed(["GET"])
        context = (extra_context or {}) | {"may_decide": self.has_change_permission(request), "title": "Upload"}
        return super().change_view(request, object_id, form_url, context)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/approve/", view(self.approve_one), name="submissions_resultupload_approve"),
            path("<int:pk>/reject/", view(self.reject_one), name="submissions_resultupload_reject"),
            *super().get_urls(),
        ]

    @admin.action(description="Approve the selected uploads", permissions=["change"])
    def approve_selected(self, request: HttpRequest, queryset: QuerySet[ResultUpload]) -> None:
        for upload in queryset.order_by("pk"):
            self._approve(request, upload)

    @admin.action(description="Reject the selected uploads…", permissions=["change"])
    def reject_selected(self, request: HttpRequest, queryset: QuerySet[ResultUpload]) -> HttpResponse | None:
        """The first call asks for the reason; that page sends its rows and the reason back here."""
        uploads = list(queryset.select_related("submitter").order_by("pk")[: MOST_AT_ONCE + 1])
        if len(uploads) > MOST_AT_ONCE:
            self.message_user(request, f"Choose {MOST_AT_ONCE} uploads at most: narrow the list first.", messages.ERROR)
            return None
        return self._ask_and_reject(request, uploads, is_asked="reason" not in request.POST)

    def approve_one(self, request: HttpRequest, pk: int) -> HttpResponse:
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        upload = self._to_decide(request, pk)
        self._approve(request, upload)
        return redirect("admin:submissions_resultupload_change", upload.pk)

    def reject_one(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The page that asks for the reason, and on its way back the rejection."""
        upload = self._to_decide(request, pk)
        page = self._ask_and_reject(request, [upload], is_asked=request.method != "POST")
        return page or redirect("admin:submissions_resultupload_change", upload.pk)

    def _ask_and_reject(
        self, request: HttpRequest, uploads: list[ResultUpload], *, is_asked: bool
    ) -> HttpResponse | None:
        """The page that asks for the reason, or None once all are rejected for it."""
        form = RejectForm() if is_asked else RejectForm(request.POST)
        if is_asked or not form.is_valid():
            context = self.admin_site.each_context(request) | {
                "title": "Reject",
                "opts": self.opts,
                "uploads": uploads,
                "form": form,
                "is_action": "action" in request.POST,
            }
            return render(request, "submissions/admin/reject.html", context)
        for upload in uploads:
            self._reject(request, upload, form.cleaned_data["reason"])
        return None

    def _reject(self, request: HttpRequest, upload: ResultUpload, reason: str) -> None:
        try:
            services.reject_upload(upload=upload, decided_by=actor(request), reason=reason)
        except SubmissionError as error:
            self.message_user(request, str(error), messages.ERROR)
        else:
            self.message_user(request, f"{upload}: rejected.", messages.SUCCESS)

    def _to_decide(self, request: HttpRequest, pk: int) -> ResultUpload:
        if not self.has_change_permission(request):
            raise PermissionDenied
        return get_object_or_404(ResultUpload, pk=pk)

    def _approve(self, request: HttpRequest, upload: ResultUpload) -> None:
        try:
            services.approve_upload(upload=upload, decided_by=actor(request))
        except (SubmissionError, EvaluationError) as error:
            self.message_user(request, str(error), messages.ERROR)
            return
        self.message_user(request, f"{upload}: approved.", messages.SUCCESS)

    @admin.display(description="files", ordering="n_files")
    def files_counted(self, upload: Any) -> int:
        return int(upload.n_files)

    @admin.display(description="worst check")
    def worst_check(self, upload: Any) -> str:
        return OUTCOME_WORDS[worst_of(upload)]

    @admin.display(description="upload")
    def page(self, upload: ResultUpload) -> SafeString:
        return format_html('<a href="{}">{}</a>', reverse("upload", args=[upload.pk]), upload)

    @admin.display(description="model")
    def model_checks(self, upload: ResultUpload) -> SafeString:
        return _listed(upload.checks, only_notes=False)

    @admin.display(description="files, with what is not fine")
    def file_checks(self, upload: ResultUpload) -> SafeString:
        files = upload.files.select_related("task").defer("payload")
        lines = ((file.task.name, _listed(file.checks, only_notes=True)) for file in files)
        return format_html("<ul>{}</ul>", format_html_join("", "<li>{} {}</li>", lines))


def _listed(checks: list[dict[str, str]], *, only_notes: bool) -> SafeString:
    lines = (
        (check["name"], OUTCOME_WORDS[Outcome(check["outcome"])], check["sentence"])
        for check in checks
        if not only_notes or check["outcome"] != Outcome.OK
    )
    return format_html("<ul>{}</ul>", format_html_join("", "<li><strong>{} ({}):</strong> {}</li>", lines))
