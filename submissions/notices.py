"""What is said when something about a submission has come to an end: words for people, JSON for machines."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any


class Event(StrEnum):
    REJECTED = "submission.rejected"
    WITHDRAWN = "submission.withdrawn"
    PUBLISHED = "submission.published"
    QUESTION = "submission.question"
    RUN_DONE = "run.done"
    RUN_FAILED = "run.failed"
    RUN_CANCELLED = "run.cancelled"


LABELS = {
    Event.REJECTED: "rejected",
    Event.WITHDRAWN: "withdrawn",
    Event.PUBLISHED: "published",
    Event.QUESTION: "a question",
    Event.RUN_DONE: "evaluated",
    Event.RUN_FAILED: "evaluated, with failures",
    Event.RUN_CANCELLED: "evaluation cancelled",
}
SENTENCES = {
    Event.REJECTED: "The moderators rejected the submission of {model}.",
    Event.WITHDRAWN: "The submission of {model} was withdrawn before the moderators decided.",
    Event.PUBLISHED: "The results of {model} are public now.",
    Event.QUESTION: "The moderators have a question about the submission of {model}.",
    Event.RUN_DONE: "The evaluation of {model} has ended: {done} of {total} tasks have a result.",
    Event.RUN_FAILED: "The evaluation of {model} has ended: {done} of {total} tasks have a result, {failed} failed.",
    Event.RUN_CANCELLED: "The evaluation of {model} was cancelled: {done} of {total} tasks have a result.",
}
ADVICE = {Event.RUN_FAILED: "The page says why, and lets you run them again."}
"""For those who may do something about it."""
NOT_FOR_ONLOOKERS = frozenset({Event.QUESTION})


@dataclass(frozen=True)
class Facts:
    """What a notice is about. `message` is the moderators' own words, `run` absent where there is none.

    An onlooker watches what is somebody else's, and may not open its page.
    """

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
    for_onlooker: bool = False


def for_onlookers(facts: Facts, watches_address: str) -> Facts:
    """The same without the moderators' words, and with the address of a page that everybody may open."""
    return replace(facts, message="", address=facts.run_address or watches_address, for_onlooker=True)


def subject(facts: Facts) -> str:
    return " ".join(f"Podium: {facts.model}: {LABELS[facts.event]}".split())


def sentence(facts: Facts) -> str:
    said = SENTENCES[facts.event].format(model=facts.model, done=facts.done, failed=facts.failed, total=facts.total)
    advice = "" if facts.for_onlooker else ADVICE.get(facts.event, "")
    return f"{said} {advice}".rstrip()


def mail_text(facts: Facts, settings_address: str) -> str:
    said = f"\n\n{facts.message}" if facts.message else ""
    why = "you watch the model" if facts.for_onlooker else "you submitted the model or watch it"
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
        "submission": {
            "number": facts.submission,
            "url": facts.address,
            "model": facts.model,
            "revision": facts.revision,
        },
        "run": run,
    }
