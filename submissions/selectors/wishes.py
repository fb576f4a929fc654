"""What a submission asks for, as the form shows it: to change it, to submit it again, to see what was changed."""

from __future__ import annotations

from typing import Any

from submissions.models import Submission, Visibility
from submissions.wishes import NamedTask


def wish_in_form(submission: Submission) -> dict[str, Any]:
    """Initial values of the form's fields; never the token."""
    training = submission.training_data or {}
    seen = training.get("tasks", {})
    return {
        "model_name": submission.model_name,
        "revision": submission.requested_revision,
        "local_path": submission.local_path,
        "benchmarks": [board.pk for board in submission.benchmarks.all()],
        "tasks": "\n".join(task_lines(submission)),
        "prompts": "\n".join(f"{key}: {text}" for key, text in submission.settings.get("model_prompts", {}).items()),
        **{name: submission.settings.get(name) for name in ("max_seq_length", "dtype", "embed_dim", "framework")},
        "batch_size": submission.batch_size,
        "disclosure": ""
        if submission.training_data is None
        else ("some" if seen or training.get("datasets") else "none"),
        "trained_on_split": "\n".join(name for name, how in seen.items() if how == "split"),
        "trained_on_data": "\n".join(name for name, how in seen.items() if how == "data"),
        "other_datasets": "\n".join(training.get("datasets", [])),
        "declined": "\n".join(f"{name}: {reason}".rstrip(": ") for name, reason in submission.declined.items()),
        "is_private": submission.visibility == Visibility.PRIVATE,
        "embargo_until": submission.embargo_until.date() if submission.embargo_until else None,
        "organisation": submission.organisation_id,
        "keeps_predictions": submission.keeps_predictions,
        "note": submission.note,
    }


def described_wish(submission: Submission) -> dict[str, str]:
    """The same in words, part by part, so that two states can be compared."""
    values = wish_in_form(submission) | {"commit": submission.model_revision, "edits": submission.edits}
    values["organisation"] = submission.organisation.name if submission.organisation else ""
    values["benchmarks"] = ", ".join(sorted(board.title for board in submission.benchmarks.all()))
    return {_PARTS.get(name, name.replace("_", " ").capitalize()): _words(value) for name, value in values.items()}


def said_besides(submission: Submission) -> list[tuple[str, str]]:
    """What else a submission asks for and says of its model, besides what a page tells in its own way."""
    values = described_wish(submission)
    values["Disclosure"] = _DISCLOSED[values["Disclosure"]]
    return [(label, said) for label, said in values.items() if said and label not in _TOLD_ELSEWHERE]


_TOLD_ELSEWHERE = frozenset({"Model", "Revision", "Folder", "Boards", "Tasks", "Commit", "Note", "Corrected facts"})
_DISCLOSED = {
    "": "training data is not disclosed",
    "none": "trained on none of the tasks",
    "some": "trained on what follows",
}
_PARTS = {
    "model_name": "Model",
    "local_path": "Folder",
    "benchmarks": "Boards",
    "dtype": "Number format",
    "embed_dim": "Dimension",
    "is_private": "Private",
    "edits": "Corrected facts",
    "keeps_predictions": "Predictions are kept",
    "max_seq_length": "Maximum of tokens",
}


def _words(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case dict():
            return ", ".join(f"{name}: {_words(part)}" for name, part in value.items())
        case list():
            return ", ".join(map(str, value))
        case _:
            return str(value).replace("\n", ", ")


def task_lines(submission: Submission) -> list[str]:
    """The single tasks as they are typed, whole ones first, then those asked for in part."""
    whole = [NamedTask(task.name) for task in submission.tasks.all()]
    parts = [
        NamedTask(name, _tuple(part["splits"]), _tuple(part["subsets"])) for name, part in submission.parts.items()
    ]
    return [str(task) for task in (*whole, *parts)]


def _tuple(values: list[str] | None) -> tuple[str, ...] | None:
    return None if values is None else tuple(values)
