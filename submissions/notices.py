"""What is said when something has come to an end or somebody has spoken: words for people, JSON for machines."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any


class Subject(StrEnum):
    """What can be told of. The values are fields of `Notification` and keys of a webhook's body."""

    SUBMISSION = "submission"
    UPLOAD = "upload"
    DATASET = "dataset"
    FLAG = "flag"


class Event(StrEnum):
    REJECTED = "submission.rejected"
    WITHDRAWN = "submission.withdrawn"
    PUBLISHED = "submission.published"
    QUESTION = "submission.question"
    RUN_DONE = "run.done"
    RUN_FAILED = "run.failed"
    RUN_CANCELLED = "run.cancelled"
    UPLOAD_APPROVED = "upload.approved"
    UPLOAD_REJECTED = "upload.rejected"
    DATASET_APPROVED = "dataset.approved"
    DATASET_REJECTED = "dataset.rejected"
    FLAG_RAISED = "flag.raised"
    FLAG_ANSWERED = "flag.answered"
    FLAG_ACCEPTED = "flag.accepted"
    FLAG_DISMISSED = "flag.dismissed"

    @property
    def subject(self) -> Subject:
        """What it is about; the end of a run is about the submission that led to it."""
        kind = self.value.partition(".")[0]
        return Subject.SUBMISSION if kind == "run" else Subject(kind)


LABELS = {
    Event.REJECTED: "rejected",
    Event.WITHDRAWN: "withdrawn",
    Event.PUBLISHED: "published",
    Event.QUESTION: "a question",
    Event.RUN_DONE: "evaluated",
    Event.RUN_FAILED: "evaluated, with failures",
    Event.RUN_CANCELLED: "evaluation cancelled",
    Event.UPLOAD_APPROVED: "results approved",
    Event.UPLOAD_REJECTED: "results rejected",
    Event.DATASET_APPROVED: "dataset approved",
    Event.DATASET_REJECTED: "dataset rejected",
    Event.FLAG_RAISED: "a result was flagged",
    Event.FLAG_ANSWERED: "an answer to a flag",
    Event.FLAG_ACCEPTED: "flag accepted",
    Event.FLAG_DISMISSED: "flag dismissed",
}
SENTENCES = {
    Event.REJECTED: "The moderators rejected the submission of {name}.",
    Event.WITHDRAWN: "The submission of {name} was withdrawn before the moderators decided.",
    Event.PUBLISHED: "The results of {name} are public now.",
    Event.QUESTION: "The moderators have a question about the submission of {name}.",
    Event.RUN_DONE: "The evaluation of {name} has ended: {done} of {total} tasks have a result.",
    Event.RUN_FAILED: "The evaluation of {name} has ended: {done} of {total} tasks have a result, {failed} failed.",
    Event.RUN_CANCELLED: "The evaluation of {name} was cancelled: {done} of {total} tasks have a result.",
    Event.UPLOAD_APPROVED: "The uploaded results of {name} were approved: the boards show them.",
    Event.UPLOAD_REJECTED: "The moderators rejected the uploaded results of {name}.",
    Event.DATASET_APPROVED: "The dataset {name} was approved: its tasks can be evaluated.",
    Event.DATASET_REJECTED: "The moderators rejected the dataset {name}.",
    Event.FLAG_RAISED: "The result of {name} on {task} was flagged.",
    Event.FLAG_ANSWERED: "There is an answer to the flag on the result of {name} on {task}.",
    Event.FLAG_ACCEPTED: "The moderators accepted the flag on the result of {name} on {task}.",
    Event.FLAG_DISMISSED: "The moderators dismissed the flag on the result of {name} on {task}.",
}
ADVICE = {Event.RUN_FAILED: "The page says why, and lets you run them again."}
"""For those who may do something about it."""
REASONS = {
    Subject.SUBMISSION: "you submitted the model or watch it",
    Subject.UPLOAD: "you uploaded the results",
    Subject.DATASET: "you brought the dataset",
    Subject.FLAG: "the result is yours or you wrote to the flag",
}
"""Why somebody gets it."""
NOT_FOR_ONLOOKERS = frozenset({Event.QUESTION})


@dataclass(frozen=True)
class Facts:
    """What a notice is about: `number` is that of the subject, `name` that of its model or dataset.

    `message` is what a person wrote: a reason, a question, an answer. `run` is absent where there is none.
    An onlooker watches what is somebody else's, and may not open its page.
    """

    event: Event
    number: int
    address: str
    name: str
    revision: str = ""
    task: str = ""
    message: str = ""
    run: int | None = None
    run_address: str = ""
    done: int = 0
    failed: int = 0
    total: int = 0
    for_onlooker: bool = False


def for_onlookers(facts: Facts, watches_address: str) -> Facts:
    """The same without the moderators' words, and with the address of a page that everybody may open."""
    return replace(facts, message="", address=facts.run_address or watches_address, for_onlooker=True)


def subject(facts: Facts) -> str:
    return " ".join(f"Podium: {facts.name}: {LABELS[facts.event]}".split())


def sentence(facts: Facts) -> str:
    said = SENTENCES[facts.event].format(
        name=facts.name, task=facts.task, done=facts.done, failed=facts.failed, total=facts.total
    )
    advice = "" if facts.for_onlooker else ADVICE.get(facts.event, "")
    return f"{said} {advice}".rstrip()


def mail_text(facts: Facts, settings_address: str) -> str:
    said = f"\n\n{facts.message}" if facts.message else ""
    why = "you watch the model" if facts.for_onlooker else REASONS[facts.event.subject]
    return (
        f"{sentence(facts)}{said}\n\n{facts.address}\n\n"
        f"You get this because {why}. What is sent to you: {settings_address}\n"
    )


def webhook_body(facts: Facts) -> dict[str, Any]:
    """What a webhook is sent, before its number and time are added. docs/notifications.md documents each field."""
    run = None
    if facts.run is not None:
        tasks = {"total": facts.total, "done": facts.done, "failed": facts.failed}
        run = {"number": facts.run, "url": facts.run_address, "tasks": tasks}
    return {
        "event": facts.event.value,
        "text": sentence(facts),
        "message": facts.message,
        **{subject.value: _described(facts) if facts.event.subject is subject else None for subject in Subject},
        "run": run,
    }


def _described(facts: Facts) -> dict[str, Any]:
    described = {"number": facts.number, "url": facts.address}
    match facts.event.subject:
        case Subject.DATASET:
            return described | {"name": facts.name}
        case Subject.FLAG:
            return described | {"model": facts.name, "revision": facts.revision, "task": facts.task}
        case _:
            return described | {"model": facts.name, "revision": facts.revision}
