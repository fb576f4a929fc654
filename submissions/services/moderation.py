"""What moderators do besides approving and rejecting: ask, and say how the run is to be done. All of it is audited."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.db import transaction

from evaluation.models import Lane
from evaluation.services.steering import in_words, steer_run
from leaderboard.services.audit import record
from submissions.models import Submission, SubmissionMessage
from submissions.models.messages import MAX_LENGTH
from submissions.notices import Event
from submissions.selectors.organisations import is_teammate
from submissions.services.errors import NotPossible, SubmissionError
from submissions.services.notifications import notify

if TYPE_CHECKING:
    from django.contrib.auth.models import User


class MessageUnusable(SubmissionError):
    pass


@transaction.atomic
def decide_as_seen(
    *, submission: Submission, seen: int | None, decision: Callable[..., Submission], decided_by: User
) -> Submission:
    """Take the decision if the submission is still in the version that was `seen`; None: no page showed one.

    Raises NotPossible, and what the decision raises.
    """
    if seen is not None and _locked(submission).version != seen:
        raise NotPossible(f"{submission} was changed since you opened it: look again, then decide.")
    return decision(submission=submission, decided_by=decided_by)


@transaction.atomic
def ask(*, submission: Submission, decided_by: User, question: str) -> Submission:
    """Put a question to the submitter. A pending submission then waits for the answer."""
    submission = _locked(submission)
    if submission.state not in {Submission.State.PENDING, Submission.State.APPROVED}:
        raise NotPossible(f"Nothing can be asked about {submission}: it is {submission.get_state_display()}.")
    _write(submission, decided_by, question, from_moderator=True)
    _set(submission, question_open=True)
    record(actor=decided_by, action="asked", subject=submission, reason=question.strip())
    notify(submission=submission, event=Event.QUESTION, message=question.strip())
    return submission


@transaction.atomic
def answer(*, submission: Submission, author: User, text: str) -> SubmissionMessage:
    """The submitter's answer; the submission is back in the queue where it was."""
    submission = _locked(submission)
    if submission.state == Submission.State.WITHDRAWN:
        raise NotPossible(f"{submission} was withdrawn, so nobody waits for an answer.")
    if not submission.messages.exists():
        raise NotPossible(f"Nobody asked anything about {submission} yet.")
    message = _write(submission, author, text, from_moderator=False)
    _set(submission, question_open=False)
    return message


@transaction.atomic
def set_lane(*, submission: Submission, decided_by: User, lane: Lane | int, reason: str = "") -> Submission:
    return _steer(submission, decided_by, "moved to a lane", reason, lane=Lane(lane))


@transaction.atomic
def assign_worker_class(*, submission: Submission, decided_by: User, worker_class: str, reason: str = "") -> Submission:
    """Only workers with that label take the run; an empty one lets any worker."""
    return _steer(submission, decided_by, "assigned to workers", reason, worker_class=worker_class.strip())


@transaction.atomic
def allow_remote_code(
    *, submission: Submission, decided_by: User, allowed: bool = True, reason: str = ""
) -> Submission:
    """Whether the model may run code from its own repository, isolated from the rest."""
    action = "allowed remote code" if allowed else "forbade remote code"
    return _steer(submission, decided_by, action, reason, allows_remote_code=allowed)


@transaction.atomic
def hand_over(*, submission: Submission, decided_by: User, to: User, reason: str) -> Submission:
    """Make somebody else the submitter, for example because the submitter left."""
    submission = _locked(submission)
    if submission.organisation is not None and not is_teammate(to, submission):
        raise NotPossible(f"{submission} was made for {submission.organisation}, and {to} is no member of it.")
    before = submission.submitter
    _set(submission, submitter=to)
    record(
        actor=decided_by,
        action="handed over",
        subject=submission,
        before={"submitter": before.get_username()},
        after={"submitter": to.get_username()},
        reason=reason.strip(),
    )
    return submission


def _steer(submission: Submission, decided_by: User, action: str, reason: str, **changes: Any) -> Submission:
    """How the run is done can be said until it has ended."""
    submission = _locked(submission)
    if not submission.is_changing or submission.state == Submission.State.WITHDRAWN:
        raise NotPossible(f"Nothing is left to run for {submission}: it is {submission.get_state_display()}.")
    before = {name: type(value)(getattr(submission.steered, name)) for name, value in changes.items()}
    if before == changes:
        return submission
    _set(submission, **changes)
    if submission.run is not None:
        steer_run(run=submission.run, **changes)
    record(
        actor=decided_by,
        action=action,
        subject=submission,
        before=in_words(before),
        after=in_words(changes),
        reason=reason.strip(),
    )
    return submission


def _write(submission: Submission, author: User, text: str, *, from_moderator: bool) -> SubmissionMessage:
    text = text.strip()
    if not text:
        raise MessageUnusable("Write something: an empty message helps nobody.")
    if len(text) > MAX_LENGTH:
        raise MessageUnusable(f"The message has {len(text)} characters; {MAX_LENGTH} is the most.")
    return SubmissionMessage.objects.create(
        submission=submission, author=author, text=text, from_moderator=from_moderator
    )


def _set(submission: Submission, **changes: Any) -> None:
    for name, value in changes.items():
        setattr(submission, name, value)
    submission.save(update_fields=list(changes))


def _locked(submission: Submission) -> Submission:
    return Submission.objects.select_for_update(of=("self",)).select_related("run", "submitter").get(pk=submission.pk)
