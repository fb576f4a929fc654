"""What is said when something about a submission has come to an end: words for people, JSON for machines."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Event(StrEnum):
    REJECTED = "submission.rejected"
    PUBLISHED = "submission.published"
    QUESTION = "submission.question"
    RUN_DONE = "run.done"
    RUN_FAILED = "run.failed"
    RUN_CANCELLED = "run.cancelled"


LABELS = {
    Event.REJECTED: "rejected",
    Event.PUBLISHED: "published",
    Event.QUESTION: "a question",
    Event.RUN_DONE: "evaluated",
    Event.RUN_FAILED: "evaluated, with failures",
    Event.RUN_CANCELLED: "evaluation cancelled",
}
SENTENCES = {
    Event.REJECTED: "The moderators rejected the submission of {model}.",
    Event.PUBLISHED: "The results of {model} are public now.",
    Event.QUESTION: "The moderators have a question about the submission of {model}.",
    Event.RUN_DONE: "The evaluation of {model} has ended: {done} of {total} tasks have a result.",
    Event.RUN_FAILED: (
        "The evaluation of {model} has ended: {done} of {total} tasks have a result, {failed} failed. "
        "The page says why, and lets you run them again."
    ),
    Event.RUN_CANCELLED: "The evaluation of {model} was cancelled: {done} of {total} tasks have a result.",
}


@dataclass(frozen=True)
class Facts:
    """What a notice is about. `message` is the moderators' own words, `run` absent where there is none."""

    event: Event
    submission: int
    address: str
    model: str
    revision: str
    message: str = ""
    run: int | None = None
    run_address: str = ""
    done: int = 0
    failed: int = 0
    total: int = 0


def subject(facts: Facts) -> str:
    return " ".join(f"Podium: {facts.model}: {LABELS[facts.event]}".split())


def sentence(facts: Facts) -> str:
    return SENTENCES[facts.event].format(model=facts.model, done=facts.done, failed=facts.failed, total=facts.total)


def mail_text(facts: Facts, settings_address: str) -> str:
    said = f"\n\n{facts.message}" if facts.message else ""
    return (
        f"{sentence(facts)}{said}\n\n{facts.address}\n\n"
        f"You get this because you submitted the model or watch it. What is sent to you: {settings_address}\n"
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
        "submission": {
            "number": facts.submission,
            "url": facts.address,
            "model": facts.model,
            "revision": facts.revision,
        },
        "run": run,
    }
