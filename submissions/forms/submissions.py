"""The form of a submission."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time
from itertools import groupby
from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.forms.boundfield import BoundWidget
from django.utils import timezone

from evaluation.encryption import can_encrypt
from evaluation.selectors.cells import UnitCells
from evaluation.selectors.names import close_task_names
from evaluation.services.runs import CHOICES
from leaderboard.models import Benchmark, Origin, Task
from submissions.checks import Check, Outcome, Subject
from submissions.forms.notifications import NoticesFields
from submissions.models import Organisation
from submissions.selectors import submissions as selectors
from submissions.selectors.organisations import organisations_of
from submissions.wishes import NamedTask, Unreadable, read_names, read_pairs, read_tasks

if TYPE_CHECKING:
    from django.contrib.auth.models import User

HUB_ADDRESS = re.compile(
    r"https?://[^/\s]+/(?P<name>[^/\s?#]+/[^/\s?#]+)(?:/(?:tree|commit|blob)/(?P<revision>[^/\s?#]+))?\S*"
)
MOST_SUGGESTIONS = 5

# Where the sentence of a failed check stands in the form; all others stand at the model.
FIELD_OF: dict[Subject, str | None] = {
    Subject.REVISION: "revision",
    Subject.TASKS: "benchmarks",
    Subject.SETTINGS: "framework",
    Subject.METADATA: None,
    Subject.QUOTA: None,
}
# What stands before a prompt: whom it is for, a type of task, a task, or one of these with whom it is for.
PROMPT_SIDES = ("query", "document")
FRAMEWORKS = (
    ("", "as the registry says, else sentence-transformers"),
    ("sentence-transformers", "sentence-transformers"),
    ("registry", "the loader of mteb's registry"),
    ("transformers", "plain transformers, token embeddings averaged"),
)
PLAIN = {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}


class BoardsField(forms.ModelMultipleChoiceField):
    """Checkboxes of boards, each with its number of tasks."""

    widget = forms.CheckboxSelectMultiple

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.title} ({obj.n_tasks} {'task' if obj.n_tasks == 1 else 'tasks'})"


class SubmitForm(NoticesFields):
    """What to evaluate. Names that do not fit are refused here, the model itself is checked by the services."""

    model_name = forms.CharField(
        label="Model",
        max_length=300,
        help_text="Its name on the Hub, for example sentence-transformers/all-MiniLM-L6-v2, or its address.",
        widget=forms.TextInput(attrs=PLAIN),
    )
    revision = forms.CharField(
        required=False,
        max_length=200,
        help_text="A branch, a tag or a commit; empty for the newest. The commit that it is now will be evaluated.",
        widget=forms.TextInput(attrs=PLAIN),
    )
    token = forms.CharField(
        label="Token of the Hub",
        required=False,
        max_length=400,
        help_text="Only for a private or gated model: a token that may read it. It is kept encrypted, used for this "
        "one evaluation, and deleted afterwards.",
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
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
        help_text="Names of further tasks, one on each line, for example STS13. Parts of a task: "
        "<code>STS17 split=test subset=en-en,es-es</code>. What is left out of a task can be added later; the board "
        "merges the parts.",
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
    )
    prompts = forms.CharField(
        required=False,
        max_length=8000,
        help_text="One on each line: a type of task or a task, or query or document, or both as in Retrieval-query; "
        "then a colon and the prompt.",
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
    )
    max_seq_length = forms.IntegerField(
        label="Maximum of tokens", required=False, min_value=1, max_value=1_000_000, help_text="Longer texts are cut."
    )
    embed_dim = forms.IntegerField(
        label="Dimension",
        required=False,
        min_value=1,
        max_value=100_000,
        help_text="For Matryoshka models: so many numbers of each embedding are used.",
    )
    dtype = forms.ChoiceField(
        label="Number format", required=False, choices=[("", "as stored"), *((one, one) for one in CHOICES["dtype"])]
    )
    framework = forms.ChoiceField(required=False, choices=FRAMEWORKS)
    batch_size = forms.IntegerField(
        label="Batch size",
        required=False,
        min_value=1,
        max_value=4096,
        help_text="A hint for the first try. It changes no score, so it makes no variant.",
    )
    disclosure = forms.ChoiceField(
        label="Training data",
        required=False,
        widget=forms.RadioSelect,
        choices=[
            ("", "I do not say what it was trained on"),
            ("none", "It has seen no dataset of any task"),
            ("some", "It has seen these:"),
        ],
    )
    trained_on_split = forms.CharField(
        label="Tasks whose training split it has seen",
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false"}),
    )
    trained_on_data = forms.CharField(
        label="Tasks of which it has seen other data",
        required=False,
        help_text="For example the texts that are tested, or data made from them.",
        widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false"}),
    )
    other_datasets = forms.CharField(
        label="Other datasets", required=False, max_length=8000, widget=forms.Textarea(attrs={"rows": 2})
    )
    declined = forms.CharField(
        label="Tasks that the model is not to be measured on",
        required=False,
        max_length=8000,
        help_text="One on each line, with the reason after a colon. Boards show them as declined and not as missing.",
        widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false"}),
    )
    is_private = forms.BooleanField(
        label="Private until published",
        required=False,
        help_text="Only you, your team and the moderators see the submission, its results and the model's name. You "
        "publish it when you like.",
    )
    embargo_until = forms.DateField(
        label="Publish by itself on",
        required=False,
        help_text="A day of a private submission (UTC); empty: only when you say so.",
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    organisation = forms.ModelChoiceField(
        Organisation.objects.none(),
        label="For",
        required=False,
        empty_label="Myself",
        help_text="The members of an organisation see each other's submissions and the logs of their evaluations.",
    )
    keeps_predictions = forms.BooleanField(
        label="Keep the predictions",
        required=False,
        help_text="You can then see which examples the model got most wrong, and download what it predicted.",
    )
    note = forms.CharField(
        label="Note to the moderators",
        required=False,
        max_length=2000,
        help_text="Anything that helps to decide.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    SETTINGS_FIELDS = ("prompts", "max_seq_length", "embed_dim", "dtype", "framework", "batch_size")
    TRAINING_FIELDS = ("trained_on_split", "trained_on_data", "other_datasets", "declined")

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.revision_in_address = ""
        cast(BoardsField, self.fields["benchmarks"]).queryset = selectors.boards_to_choose()
        if not user.has_perm("submissions.submit_local_folder"):
            del self.fields["local_path"]
        cast(forms.ModelChoiceField, self.fields["organisation"]).queryset = organisations_of(user)
        if not organisations_of(user).exists():
            del self.fields["organisation"]
        if not can_encrypt():
            del self.fields["token"]

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

    def clean_tasks(self) -> list[tuple[Task, UnitCells | None]]:
        """Each task with the part of it that is wanted, None for all of it."""
        try:
            named = read_tasks(self.cleaned_data["tasks"])
        except Unreadable as error:
            raise forms.ValidationError(str(error)) from error
        found = _tasks_by_name([task.name for task in named])
        problems = [problem for task in named for problem in _unknown_parts(found[task.name], task)]
        if problems:
            raise forms.ValidationError(problems)
        return [(found[task.name], _cells(found[task.name], task)) for task in named]

    def clean_prompts(self) -> dict[str, str]:
        prompts = read_pairs(self.cleaned_data["prompts"])
        types = set(Task.objects.values_list("type", flat=True).distinct())
        names = {_without_side(key) for key in prompts} - types - set(PROMPT_SIDES)
        unknown = names - set(Task.objects.filter(name__in=names).values_list("name", flat=True))
        if unknown:
            raise forms.ValidationError(
                [f"“{name}” is no type of task, no task, and neither query nor document." for name in sorted(unknown)]
            )
        if empty := [key for key, text in prompts.items() if not text]:
            raise forms.ValidationError(f"Write the prompt for {empty[0]} after a colon.")
        return prompts

    def clean_trained_on_split(self) -> list[str]:
        return list(_tasks_by_name(read_names(self.cleaned_data["trained_on_split"])))

    def clean_trained_on_data(self) -> list[str]:
        return list(_tasks_by_name(read_names(self.cleaned_data["trained_on_data"])))

    def clean_declined(self) -> dict[Task, str]:
        given = read_pairs(self.cleaned_data["declined"])
        found = _tasks_by_name(list(given))
        return {found[name]: reason for name, reason in given.items()}

    def clean_embargo_until(self) -> datetime | None:
        day: date | None = self.cleaned_data["embargo_until"]
        if day is None:
            return None
        if day <= timezone.now().date():
            raise forms.ValidationError("Choose a day that is still to come, or leave it empty.")
        return datetime.combine(day, time(), UTC)

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        seen = [name for name in ("trained_on_split", "trained_on_data", "other_datasets") if data.get(name)]
        if seen and data.get("disclosure") != "some":
            self.add_error("disclosure", "You name data that the model has seen: choose “It has seen these”.")
        if data.get("disclosure") == "some" and not seen and not self.errors:
            self.add_error("disclosure", "Name what the model has seen, or choose another answer.")
        if data.get("embargo_until") and not data.get("is_private"):
            self.add_error("embargo_until", "Only a private submission is published later: tick the box above.")
        if data.get("token") and data.get("local_path"):
            self.add_error("token", "A model in a folder needs no token.")
        return data

    def wish(self) -> dict[str, Any]:
        """The arguments of `Wish`; valid forms only."""
        data = self.cleaned_data
        return {
            "model_name": data["model_name"],
            "revision": data["revision"],
            "local_path": data.get("local_path", ""),
            "token": data.get("token", ""),
            "benchmarks": list(data["benchmarks"]),
            "tasks": [task for task, part in data["tasks"] if part is None],
            "parts": {task: part for task, part in data["tasks"] if part is not None},
            "settings": self._settings(),
            "batch_size": data["batch_size"],
            "training_data": self._training_data(),
            "declined": data["declined"],
            "is_private": data["is_private"],
            "embargo_until": data["embargo_until"],
            "organisation": data.get("organisation"),
            "keeps_predictions": data["keeps_predictions"],
            "note": data["note"],
        }

    def _settings(self) -> dict[str, Any]:
        data = self.cleaned_data
        given = {name: data[name] for name in ("max_seq_length", "embed_dim", "dtype", "framework")}
        return {name: value for name, value in (given | {"model_prompts": data["prompts"]}).items() if value}

    def _training_data(self) -> dict[str, Any] | None:
        data = self.cleaned_data
        if not data["disclosure"]:
            return None
        seen = dict.fromkeys(data["trained_on_data"], "data") | dict.fromkeys(data["trained_on_split"], "split")
        return {"tasks": seen, "datasets": read_names(data["other_datasets"])}

    def add_failed_checks(self, checks: Sequence[Check]) -> None:
        """Puts the sentence of each failed check next to the field that it is about."""
        for check in checks:
            if check.outcome is Outcome.ERROR:
                self.add_error(self._field_of(check.name), check.sentence)

    def settings_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.SETTINGS_FIELDS]

    def training_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.TRAINING_FIELDS]

    def settings_are_given(self) -> bool:
        """Whether the part of the form that is folded away says something."""
        return self._says_something(self.SETTINGS_FIELDS)

    def training_is_given(self) -> bool:
        return self._says_something(("disclosure", *self.TRAINING_FIELDS))

    def _says_something(self, names: Iterable[str]) -> bool:
        return any(self[name].value() or self[name].errors for name in names)

    def board_groups(self) -> Iterable[tuple[str, list[BoundWidget], bool]]:
        """(heading, its checkboxes, whether one of them is ticked) for each group of boards."""
        for heading, boxes in groupby(self["benchmarks"].subwidgets, key=_heading):
            listed = list(boxes)
            yield heading, listed, any(box.data["selected"] for box in listed)

    def _field_of(self, subject: Subject) -> str | None:
        if subject is Subject.MODEL and self.cleaned_data.get("local_path"):
            return "local_path"
        return FIELD_OF.get(subject, "model_name")


def _heading(box: BoundWidget) -> str:
    benchmark: Benchmark = box.data["value"].instance
    return " / ".join(benchmark.menu_path) or "In no menu"


def _tasks_by_name(names: Collection[str]) -> dict[str, Task]:
    """The tasks in the order of their names. Raises ValidationError for names of none."""
    found = {task.name: task for task in Task.objects.filter(name__in=names)}
    if unknown := [name for name in names if name not in found]:
        raise forms.ValidationError([_unknown_task(name) for name in unknown[:MOST_SUGGESTIONS]])
    return {name: found[name] for name in names}


def _unknown_task(name: str) -> str:
    close = close_task_names(name)
    return f"There is no task {name}." + (f" Did you mean {' or '.join(close)}?" if close else "")


def _unknown_parts(task: Task, named: NamedTask) -> list[str]:
    """Sentences about what the task does not have."""
    if not named.is_partial:
        return []
    if task.origin == Origin.CUSTOM:
        return [f"{task.name} is a task of this board's own, which is evaluated as a whole. Leave its parts out."]
    return [
        f"{task.name} has no {word} “{name}”. It has: {', '.join(sorted(has))}."
        for word, has, wanted in (
            ("split", _splits(task), named.splits),
            ("subset", _subsets(task), named.subsets),
        )
        for name in wanted or ()
        if name not in has
    ]


def _splits(task: Task) -> set[str]:
    return set(task.eval_splits)


def _subsets(task: Task) -> set[str]:
    more: Mapping[str, Any] = task.eval_langs if isinstance(task.eval_langs, dict) else {}
    return {*task.hf_subsets, *more}


def _cells(task: Task, named: NamedTask) -> UnitCells | None:
    """None where all that the task has by default was named."""
    splits = None if named.splits is None or set(named.splits) == set(task.eval_splits) else list(named.splits)
    subsets = None if named.subsets is None or set(named.subsets) == set(task.hf_subsets) else list(named.subsets)
    return None if splits is None and subsets is None else UnitCells(splits, subsets)


def _without_side(key: str) -> str:
    for side in PROMPT_SIDES:
        key = key.removesuffix(f"-{side}")
    return key
