"""The form in which people bring a dataset."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile

from evaluation.custom.archives import LARGEST_ARCHIVE
from evaluation.custom.tasks import TASK_KINDS

NAME_INPUT = {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
DESCRIPTION_FIELDS = ("task_name", "task_type", "description", "languages", "splits", "main_score")


class DatasetForm(forms.Form):
    """A zip, or the name of a dataset on the Hub with a description if it has no task.toml."""

    archive = forms.FileField(
        label="Zip",
        required=False,
        help_text=f"A folder with task.toml or benchmark.toml and the data, at most {LARGEST_ARCHIVE // 1024**2} MB.",
        widget=forms.FileInput(attrs={"accept": ".zip,application/zip"}),
    )
    hub_name = forms.CharField(
        label="Dataset on the Hub",
        required=False,
        max_length=300,
        help_text="Its name, for example organisation/dataset. It must be public.",
        widget=forms.TextInput(attrs=NAME_INPUT),
    )
    hub_revision = forms.CharField(
        label="Revision",
        required=False,
        max_length=200,
        help_text="A branch, a tag or a commit; empty for the newest. The commit that it is now is kept.",
        widget=forms.TextInput(attrs=NAME_INPUT),
    )
    task_name = forms.CharField(label="Name of the task", required=False, max_length=120)
    task_type = forms.ChoiceField(
        label="Type", required=False, choices=[("", "Choose a type"), *((name, name) for name in TASK_KINDS)]
    )
    description = forms.CharField(
        label="What it measures", required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 3})
    )
    languages = forms.CharField(
        required=False, max_length=500, help_text="Codes with script, with spaces between, for example eng-Latn."
    )
    splits = forms.CharField(required=False, max_length=500, help_text="Those to score; empty for test.")
    main_score = forms.CharField(
        label="Main score", required=False, max_length=60, help_text="Empty for the one of mteb's tasks of the type."
    )
    note = forms.CharField(
        label="Note to the moderators", required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 3})
    )

    def clean_archive(self) -> UploadedFile | None:
        archive: UploadedFile | None = self.cleaned_data["archive"]
        if archive and (archive.size or 0) > LARGEST_ARCHIVE:
            raise forms.ValidationError(f"The archive is larger than {LARGEST_ARCHIVE // 1024**2} MB.")
        return archive

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.errors and bool(cleaned.get("archive")) == bool(cleaned.get("hub_name")):
            raise forms.ValidationError("Give a zip or the name of a dataset on the Hub, one of the two.")
        return cleaned

    def task_description(self) -> dict[str, Any] | None:
        """The fields of a task.toml; None if nothing was described."""
        given = {name: self.cleaned_data[name].strip() for name in DESCRIPTION_FIELDS}
        if not any(given.values()):
            return None
        lists = {name: given[name].replace(",", " ").split() for name in ("languages", "splits")}
        texts = {
            "name": given["task_name"],
            "type": given["task_type"],
            "description": given["description"],
            "main_score": given["main_score"],
        }
        return {name: value for name, value in {**texts, **lists}.items() if value}
