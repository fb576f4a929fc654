"""The form of an upload of results."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile

from submissions.upload_archive import Given


class SeveralFilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class SeveralFilesField(forms.FileField):
    """Every chosen file; Django's own field knows only the last."""

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile]:
        given = data if isinstance(data, (list, tuple)) else [data]
        return [super(SeveralFilesField, self).clean(one, initial) for one in given] or super().clean(None, initial)


class UploadForm(forms.Form):
    results = SeveralFilesField(
        label="Result files",
        allow_empty_file=True,
        widget=SeveralFilesInput(attrs={"accept": ".json,.zip"}),
        error_messages={"required": "Choose JSON files as mteb writes them, or one zip of the results folder."},
        help_text="JSON files, or one zip of mteb's results folder. 10 MiB for a file, 500 MiB unpacked, 2,000 files.",
    )
    model_name = forms.CharField(
        label="Model",
        required=False,
        max_length=300,
        help_text="Only for files without their folders and without model_meta.json, for example intfloat/e5-small.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )
    revision = forms.CharField(
        required=False,
        max_length=200,
        help_text="The commit that was run, for the same files.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )
    note = forms.CharField(
        label="Note to the moderators",
        required=False,
        max_length=2000,
        help_text="For example where and how it was run.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def given_files(self) -> list[Given]:
        """What was chosen; valid forms only."""
        return [Given(file.name or "", file.size or 0, file.file) for file in self.cleaned_data["results"]]
