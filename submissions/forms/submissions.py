"""The form of a submission."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.forms.boundfield import BoundWidget

from evaluation.selectors.names import close_task_names
from leaderboard.models import Benchmark, Task
from submissions.checks import Check, Outcome, Subject
from submissions.selectors import submissions as selectors

if TYPE_CHECKING:
    from django.contrib.auth.models import User

HUB_ADDRESS = re.compile(
    r"https?://[^/\s]+/(?P<name>[^/\s?#]+/[^/\s?#]+)(?:/(?:tree|commit|blob)/(?P<revision>[^/\s?#]+))?\S*"
)
MOST_SUGGESTIONS = 5

# Where the sentence of a failed check stands in the form; all others stand at the model.
FIELD_OF = {Subject.REVISION: "revision", Subject.TASKS: "benchmarks"}


class BoardsField(forms.ModelMultipleChoiceField):
    """Checkboxes of boards, each with its number of tasks."""

    widget = forms.CheckboxSelectMultiple

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.title} ({obj.n_tasks} {'task' if obj.n_tasks == 1 else 'tasks'})"


class SubmitForm(forms.Form):
    """What to evaluate. Names that do not fit are refused here, the model itself is checked by the services."""

    model_name = forms.CharField(
        label="Model",
        max_length=300,
        help_text="Its name on the Hub, for example sentence-transformers/all-MiniLM-L6-v2, or its address.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )
    revision = forms.CharField(
        required=False,
        max_length=200,
        help_text="A branch, a tag or a commit; empty for the newest. The commit that it is now will be evaluated.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )
    local_path = forms.CharField(
        label="Folder on this server",
        required=False,
        max_length=1000,
        help_text="For a model that is not on the Hub: the absolute path of its folder. The name is then up to you.",
    )
    benchmarks = BoardsField(label="Boards", required=False, queryset=Benchmark.objects.none())
    tasks = forms.CharField(
        label="Single tasks",
        required=False,
        help_text="Names of further tasks, one on each line, for example STS13.",
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
    )
    note = forms.CharField(
        label="Note to the moderators",
        required=False,
        max_length=2000,
        help_text="Anything that helps to decide.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.revision_in_address = ""
        cast(BoardsField, self.fields["benchmarks"]).queryset = selectors.boards_to_choose()
        if not user.has_perm("submissions.submit_local_folder"):
            del self.fields["local_path"]

    def clean_model_name(self) -> str:
        """The plain name, where somebody pasted the address of the model's page."""
        given: str = self.cleaned_data["model_name"]
        address = HUB_ADDRESS.fullmatch(given)
        if address is None:
            return given
        self.revision_in_address = address["revision"] or ""
        return address["name"]

    def clean_revision(self) -> str:
        return self.cleaned_data["revision"] or self.revision_in_address

    def clean_tasks(self) -> list[Task]:
        names = list(dict.fromkeys(re.findall(r"[^\s,;]+", self.cleaned_data["tasks"])))
        found = {task.name: task for task in Task.objects.filter(name__in=names)}
        if unknown := [name for name in names if name not in found]:
            raise forms.ValidationError([_unknown_task(name) for name in unknown[:MOST_SUGGESTIONS]])
        return list(found.values())

    def wish(self) -> dict[str, Any]:
        """What `services.assess` asks for; valid forms only."""
        data = self.cleaned_data
        return {
            "model_name": data["model_name"],
            "revision": data["revision"],
            "local_path": data.get("local_path", ""),
            "benchmarks": list(data["benchmarks"]),
            "tasks": data["tasks"],
        }

    def add_failed_checks(self, checks: Sequence[Check]) -> None:
        """Puts the sentence of each failed check next to the field that it is about."""
        for check in checks:
            if check.outcome is Outcome.ERROR:
                self.add_error(self._field_of(check.name), check.sentence)

    def board_groups(self) -> Iterable[tuple[str, list[BoundWidget], bool]]:
        """(heading, its checkboxes, whether one of them is ticked) for each group of boards."""
        for heading, boxes in groupby(self["benchmarks"].subwidgets, key=_heading):
            listed = list(boxes)
            yield heading, listed, any(box.data["selected"] for box in listed)

    def _field_of(self, subject: Subject) -> str:
        if subject is Subject.MODEL and self.cleaned_data.get("local_path"):
            return "local_path"
        return FIELD_OF.get(subject, "model_name")


def _heading(box: BoundWidget) -> str:
    benchmark: Benchmark = box.data["value"].instance
    return " / ".join(benchmark.menu_path) or "In no menu"


def _unknown_task(name: str) -> str:
    close = close_task_names(name)
    return f"There is no task {name}." + (f" Did you mean {' or '.join(close)}?" if close else "")
