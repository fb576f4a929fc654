"""Writes of flags: raise a doubt, answer it, decide about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from django.utils import timezone

from leaderboard.models import Comparison, FlagReply, ResultFlag, TaskResult
from leaderboard.services.audit import record
from leaderboard.services.boards import bump_data_version
from submissions.notices import Event
from submissions.one_by_one import one_by_one
from submissions.selectors import flags as selectors
from submissions.services.errors import NotPossible, ReasonMissing, SubmissionError
from submissions.services.notifications import notify_of_flag

if TYPE_CHECKING:
    from django.contrib.auth.models import User

EVENTS: dict[str, Event] = {
    ResultFlag.State.ACCEPTED: Event.FLAG_ACCEPTED,
    ResultFlag.State.DISMISSED: Event.FLAG_DISMISSED,
}


class TooMany(SubmissionError):
    """The person has to wait."""


class NotAllowed(SubmissionError):
    """The person may not do this."""


def raise_flag(*, result: TaskResult, flagger: User, reason: str, text: str) -> ResultFlag:
    if not selectors.flags_left(flagger):
        raise TooMany(f"You raised {selectors.FLAGS_A_DAY} flags within a day. Go on tomorrow.")
    try:
        with transaction.atomic():
            flag = ResultFlag.objects.create(result=result, flagger=flagger, reason=reason, text=text.strip())
            bump_data_version()
            _tell_of_flag(flag)
    except IntegrityError as error:
        if "one_open_flag_per_person_and_result" not in str(error):
            raise
        raise NotPossible("Your flag on this result is still open. Answer there.") from error
    return flag


@transaction.atomic
def reply(*, flag: ResultFlag, author: User, text: str) -> FlagReply:
    if not selectors.may_reply(author, flag):
        raise NotAllowed("While it is open, the one who raised it, who submitted the model, and moderators answer.")
    if not selectors.replies_left(author):
        raise TooMany(f"You wrote {selectors.REPLIES_AN_HOUR} answers within an hour. Go on a little later.")
    answer = FlagReply.objects.create(flag=flag, author=author, text=text.strip())
    notify_of_flag(flag=flag, event=Event.FLAG_ANSWERED, by=author, message=answer.text)
    return answer


@transaction.atomic
def decide_flag(*, flag: ResultFlag, decided_by: User, state: str, decision: str) -> ResultFlag:
    """Accept or dismiss it, with a reason that everybody reads."""
    if not decision.strip():
        raise ReasonMissing("Say why: everybody reads it on the flag's page.")
    flag = (
        ResultFlag.objects.select_for_update(of=("self",))
        .select_related("result__task", "result__model_revision__model_meta")
        .defer("result__payload")
        .get(pk=flag.pk)
    )
    if not flag.is_open:
        raise NotPossible(f"{flag} is {flag.get_state_display()} already.")
    flag.state = ResultFlag.State(state)
    flag.decided_by, flag.decided_at, flag.decision = decided_by, timezone.now(), decision.strip()
    flag.save(update_fields=["state", "decided_by", "decided_at", "decision"])
    record(
        actor=decided_by,
        action=flag.state,
        subject=flag,
        before={"state": ResultFlag.State.OPEN.value},
        after={"state": flag.state},
        reason=flag.decision,
    )
    bump_data_version()
    notify_of_flag(flag=flag, event=EVENTS[flag.state], by=decided_by, message=flag.decision)
    return flag


def _tell_of_flag(flag: ResultFlag) -> None:
    said = f"{flag.get_reason_display()}: {flag.text}"
    notify_of_flag(flag=flag, event=Event.FLAG_RAISED, by=flag.flagger, message=said)


def flag_disagreements() -> int:
    """Raise a flag in the board's own name on each reported result that a rerun contradicts, once; says how many."""
    comparisons = (
        Comparison.objects.filter(agrees=False)
        .exclude(reported__flags__reason=ResultFlag.Reason.DISAGREES)
        .order_by("reported_id", "-pk")
        .distinct("reported_id")
    )
    return one_by_one(_flag_disagreement, list(comparisons), failing="“%s” could not be flagged")


@transaction.atomic
def _flag_disagreement(comparison: Comparison) -> int:
    flag = ResultFlag.objects.create(
        result_id=comparison.reported_id, reason=ResultFlag.Reason.DISAGREES, text=_said(comparison)
    )
    bump_data_version()
    _tell_of_flag(flag)
    return 1


def _said(comparison: Comparison) -> str:
    return (
        f"A run here (result {comparison.rerun_id}) differs by {100 * comparison.difference:.3f} points in "
        f"{comparison.split} {comparison.subset}; {100 * comparison.tolerance:g} are tolerated."
    )
