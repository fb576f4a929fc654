"""The operator's desk over the facts: everything can be looked up here, and no fact is changed by hand."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.widgets import AdminTextInputWidget
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString

from leaderboard.metadata import CORRECTABLE_FIELDS, FIELDS, InvalidValue
from leaderboard.models import (
    Annotation,
    AnnotationKey,
    Benchmark,
    BenchmarkTask,
    Board,
    DeclinedTask,
    ImportedFile,
    ImportRun,
    MetadataClaim,
    MetadataCorrection,
    ModelMeta,
    ModelRevision,
    ResultSource,
    SavedView,
    Task,
    TaskResult,
)
from leaderboard.permissions import ROLL_BACK
from leaderboard.selectors.metadata import note_text
from leaderboard.services.boards import bump_data_version
from leaderboard.services.metadata import apply_corrections
from leaderboard.services.staleness import NothingToRollBack, roll_back
from leaderboard.services.views import UnusableView, publish_view
from leaderboard.tables.cells import DASH

admin.site.site_header = "Podium: operator's desk"
admin.site.site_title = "Podium"
admin.site.index_title = "What the board holds"


def actor(request: HttpRequest) -> User:
    """Whoever is signed in: nobody else gets here."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


class AuditedHistory(admin.ModelAdmin):
    """The history of a thing is its part of the audit log, which has what came through other doors, too."""

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        query = {"subject_type__exact": self.opts.label_lower, "subject_id__exact": object_id}
        return redirect(f"{reverse('admin:leaderboard_auditentry_changelist')}?{urlencode(query)}")


class AuditedByServices(AuditedHistory):
    """For desks whose services write into the audit log themselves: the admin's own note would say it once more.

    The admin makes no use of the entries that these methods return.
    """

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> None:  # type: ignore[override]
        """The service did."""

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> None:  # type: ignore[override]
        """The service did."""

    def log_deletions(self, request: HttpRequest, queryset: Any) -> None:  # type: ignore[override]
        """The service did."""


class ReadOnlyAdmin(admin.ModelAdmin):
    """Facts come from imports, runs and uploads; the desk only shows them."""

    show_full_result_count = False
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class FateFilter(admin.SimpleListFilter):
    title = "fate"
    parameter_name = "fate"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("skipped", "could not be used"), ("result", "became a result")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "skipped":
            return queryset.filter(result=None)
        return queryset.filter(result__isnull=False) if self.value() == "result" else queryset


@admin.register(ImportRun)
class ImportRunAdmin(ReadOnlyAdmin):
    list_display = (
        "source", "started_at", "state", "n_files", "n_new", "n_unchanged", "n_gone", "n_skipped", "skipped_files",
    )  # fmt: skip
    list_filter = ("state", "source")
    list_select_related = ("source",)
    date_hierarchy = "started_at"

    @admin.display(description="Reasons")
    def skipped_files(self, run: ImportRun) -> SafeString | str:
        if not run.n_skipped:
            return DASH
        address = reverse("admin:leaderboard_importedfile_changelist")
        return format_html('<a href="{}?fate=skipped&amp;source__id__exact={}">list</a>', address, run.source_id)


@admin.register(ImportedFile)
class ImportedFileAdmin(ReadOnlyAdmin):
    """Each file of a source with what became of it."""

    list_display = ("path", "source", "present", "reason", "result_link")
    list_filter = (FateFilter, "present", "source")
    list_select_related = ("source",)
    search_fields = ("path", "reason")
    exclude = ("digest",)

    @admin.display(description="Result")
    def result_link(self, file: ImportedFile) -> SafeString | str:
        if file.result_id is None:
            return DASH
        return format_html('<a href="{}">{}</a>', reverse("result_file", args=[file.result_id]), file.result_id)


@admin.register(TaskResult)
class TaskResultAdmin(ReadOnlyAdmin):
    list_display = ("id", "model_revision", "variant", "task", "source", "mteb_version", "date", "stored_file")
    list_filter = ("source",)
    list_select_related = ("model_revision__model_meta", "variant__model_meta", "task", "source")
    search_fields = ("model_revision__model_meta__name", "task__name")
    search_help_text = "Model or task"
    exclude = ("payload", "digest", "main_scores", "cell_set")
    actions = ("roll_back_to",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[TaskResult]:
        return super().get_queryset(request).defer("payload", "main_scores")

    @admin.display(description="File")
    def stored_file(self, result: TaskResult) -> SafeString:
        return format_html('<a href="{}">JSON</a>', reverse("result_file", args=[result.pk]))

    def has_roll_back_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(ROLL_BACK)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.roll_back_one)
        return [path("<int:pk>/roll-back/", view, name="leaderboard_taskresult_roll_back"), *super().get_urls()]

    @admin.action(description="Let these earlier results count again", permissions=["roll_back"])
    def roll_back_to(self, request: HttpRequest, queryset: QuerySet[TaskResult]) -> HttpResponse | None:
        """Asks for the reason first."""
        if "reason" not in request.POST:
            return self._ask_why(request, list(queryset), back_to=reverse("admin:leaderboard_taskresult_changelist"))
        for result in queryset:
            self._roll_back(request, result)
        return None

    def roll_back_one(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The same for one result, from its page and back to it."""
        if not self.has_roll_back_permission(request):
            raise PermissionDenied
        result = get_object_or_404(self.get_queryset(request).select_related(*self.list_select_related), pk=pk)
        asked = {"model": result.model_revision.model_meta.name, "task": result.task.name, "result": str(result.pk)}
        page = f"{reverse('results')}?{urlencode(asked)}"
        if request.method != "POST":
            return self._ask_why(request, [result], back_to=page)
        self._roll_back(request, result)
        return redirect(page)

    def _ask_why(self, request: HttpRequest, results: list[TaskResult], *, back_to: str) -> HttpResponse:
        context = {
            **admin.site.each_context(request),
            "title": "Let earlier results count again",
            "results": results,
            "checkbox": ACTION_CHECKBOX_NAME,
            "is_action": "action" in request.POST,
            "back_to": back_to,
            "opts": TaskResult._meta,
        }
        return TemplateResponse(request, "leaderboard/admin/roll_back.html", context)

    def _roll_back(self, request: HttpRequest, result: TaskResult) -> None:
        try:
            roll_back(result=result, reason=request.POST.get("reason", ""), by=actor(request))
        except NothingToRollBack as error:
            self.message_user(request, f"{result}: {error}", messages.ERROR)
        else:
            self.message_user(request, f"{result} counts again.", messages.SUCCESS)


@admin.register(ResultSource)
class ResultSourceAdmin(ReadOnlyAdmin):
    list_display = ("name", "kind", "location", "commit")


class NoteForm(forms.ModelForm):
    """A note as text: numbers, yes, no and choices are written."""

    value = forms.CharField(help_text="Yes or no, a number, one of the choices or text, as its kind has it.")

    class Meta:
        model = Annotation
        fields = ("key", "value")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["value"] = note_text(self.instance.value)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if isinstance(key := cleaned.get("key"), AnnotationKey) and "value" in cleaned:
            try:
                cleaned["value"] = key.read(cleaned["value"])
            except InvalidValue as error:
                self.add_error("value", str(error))
        return cleaned


class NoteInline(admin.TabularInline):
    model = Annotation
    form = NoteForm
    fields = ("key", "value")
    extra = 1
    verbose_name_plural = "Notes: this board's own"


class CorrectionForm(forms.ModelForm):
    field = forms.ChoiceField(choices=[("", "---------")] + [(name, FIELDS[name].label) for name in CORRECTABLE_FIELDS])
    value = forms.CharField(help_text="Commas separate the entries of a list; write yes or no; 2025-01-31 is a day.")

    class Meta:
        model = MetadataCorrection
        fields = ("field", "value", "grounds")
        widgets = {"grounds": forms.TextInput}


class CorrectionInline(admin.TabularInline):
    model = MetadataCorrection
    form = CorrectionForm
    extra = 1
    verbose_name = "correction"
    verbose_name_plural = "Corrections: they outweigh what everybody else says"


class DeclinedTaskInline(admin.TabularInline):
    model = DeclinedTask
    fields = ("task", "reason")
    autocomplete_fields = ("task",)
    formfield_overrides = {models.TextField: {"widget": AdminTextInputWidget}}
    extra = 0
    verbose_name_plural = "Declined tasks: boards say so instead of “not run”"

    def get_queryset(self, request: HttpRequest) -> QuerySet[DeclinedTask]:
        return super().get_queryset(request).select_related("task", "model_meta")


class ClaimInline(admin.TabularInline):
    model = MetadataClaim
    verbose_name_plural = "Who says what"
    classes = ("collapse",)
    fields = readonly_fields = ("origin", "values", "reference", "claimed_at")
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("leaderboard.view_modelmeta")


@admin.register(ModelMeta)
class ModelMetaAdmin(admin.ModelAdmin):
    """Fields come from their origins; maintainers correct them and add notes, and never write into the fields."""

    list_display = ("name", "origin", "in_registry", "n_parameters", "embed_dim", "license", "release_date")
    list_filter = ("origin", "in_registry", "open_weights")
    list_per_page = 50
    show_full_result_count = False
    search_fields = ("name",)
    inlines = (NoteInline, CorrectionInline, DeclinedTaskInline, ClaimInline)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """The page opens for changes where one of its inlines does."""
        models_of_inlines = ("annotation", "metadatacorrection", "declinedtask")
        permissions = (f"leaderboard.{verb}_{model}" for verb in ("add", "change") for model in models_of_inlines)
        return any(request.user.has_perm(permission) for permission in permissions)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """What can be changed comes first; the rest is for looking things up."""
        first = ["name", "origin", "in_registry", "first_seen_at"]
        others = [name for name in self.get_readonly_fields(request, obj) if name not in first]
        return [(None, {"fields": first}), ("What is known", {"classes": ["collapse"], "fields": others})]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [field.name for field in self.model._meta.fields if field.name != "id"]

    def save_model(self, request: HttpRequest, obj: ModelMeta, form: Any, change: bool) -> None:
        """Nothing of the model itself is changed here."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        changed = {formset.model for formset in formsets if formset.has_changed()}
        if MetadataCorrection in changed:
            apply_corrections(model_meta=form.instance)
        if changed & {Annotation, DeclinedTask}:
            bump_data_version()


@admin.register(AnnotationKey)
class AnnotationKeyAdmin(admin.ModelAdmin):
    list_display = ("label", "key", "kind", "description")
    search_fields = ("key", "label")
    formfield_overrides = {models.TextField: {"widget": AdminTextInputWidget}}

    def get_readonly_fields(self, request: HttpRequest, obj: AnnotationKey | None = None) -> tuple[str, ...]:
        """Addresses of filters name the key, and notes were written for the kind."""
        return ("key", "kind") if obj and obj.annotations.exists() else ()

    def save_model(self, request: HttpRequest, obj: AnnotationKey, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        bump_data_version()


@admin.register(ModelRevision)
class ModelRevisionAdmin(ReadOnlyAdmin):
    list_display = ("model_meta", "name")
    list_select_related = ("model_meta",)
    search_fields = ("model_meta__name", "name")


@admin.register(Task)
class TaskAdmin(ReadOnlyAdmin):
    list_display = ("name", "type", "origin", "in_registry", "main_score", "is_public", "superseded_by")
    list_filter = ("origin", "in_registry", "is_public", "type")
    search_fields = ("name", "description")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Task]:
        return super().get_queryset(request).defer("descriptive_stats")


class BenchmarkTaskInline(admin.TabularInline):
    model = BenchmarkTask
    fields = ("position", "task", "splits", "subsets")
    extra = 0
    can_delete = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[BenchmarkTask]:
        return super().get_queryset(request).select_related("task", "benchmark")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Benchmark)
class BenchmarkAdmin(ReadOnlyAdmin):
    list_display = ("name", "display_name", "origin", "in_registry", "display_on_leaderboard")
    list_filter = ("origin", "in_registry")
    search_fields = ("name", "display_name")
    inlines = (BenchmarkTaskInline,)


@admin.register(Board)
class BoardAdmin(ReadOnlyAdmin):
    list_display = ("benchmark", "scope", "n_declared_tasks", "data_version", "computed_at")
    list_filter = ("scope",)
    list_select_related = ("benchmark",)
    search_fields = ("benchmark__name",)


@admin.register(SavedView)
class SavedViewAdmin(admin.ModelAdmin):
    """What readers keep; a board of their own can be made one of the public boards here."""

    list_display = ["name", "owner", "slug", "created_at", "view"]
    list_select_related = ["owner"]
    search_fields = ["name", "slug", "owner__username", "address"]
    readonly_fields = ["owner", "slug", "address", "created_at"]
    show_full_result_count = False
    actions = ["publish"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    @admin.display(description="View")
    def view(self, view: SavedView) -> SafeString:
        return format_html('<a href="{}">open</a>', view.address)

    @admin.action(description="Publish as a board", permissions=["publish"])
    def publish(self, request: HttpRequest, queryset: QuerySet[SavedView]) -> None:
        for view in queryset:
            try:
                benchmark = publish_view(view=view, by=actor(request))
            except UnusableView as problem:
                self.message_user(request, str(problem), messages.ERROR)
            else:
                self.message_user(request, f"Published {benchmark.name}.", messages.SUCCESS)

    def has_publish_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("leaderboard.add_benchmark")
