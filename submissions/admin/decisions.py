"""What moderators can decide about one submission or many: its words, its form, and the service that does it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms

from evaluation.forms import LaneForm, WorkerClassForm
from submissions.forms.moderation import AskForm, HandOverForm, QuotaForm, RejectForm, RemoteCodeForm
from submissions.models import Submission
from submissions.selectors.quotas import quota_in_form
from submissions.services import moderation, quotas
from submissions.services import submissions as services

State = Submission.State
Values = dict[str, Any]


def _own_fields(submission: Submission, form: type[forms.Form]) -> Values:
    steered = submission.steered
    return {name: getattr(steered, name) for name in form.base_fields if hasattr(steered, name)}


def _quota(submission: Submission, form: type[forms.Form]) -> Values:
    return quota_in_form(submission.submitter)


@dataclass(frozen=True)
class Decision:
    """`label` stands on the button, `done` in the answer. `offered_in` are the states in which it makes sense.

    `permission` is what it needs besides that to decide.

    `take` is called with `submission`, `decided_by` and what the form asks for; `so_far` is what holds now of that.
    """

    name: str
    label: str
    done: str
    form: type[forms.Form]
    take: Callable[..., Submission]
    key: str
    offered_in: frozenset[str] = frozenset({State.PENDING.value, State.APPROVED.value})
    so_far: Callable[[Submission, type[forms.Form]], Values] = _own_fields

    permission: str = "submissions.change_submission"

    @property
    def action(self) -> str:
        return f"{self.name}_selected"

    @property
    def address(self) -> str:
        """The name of its page."""
        return f"submissions_submission_{self.name}"


DECISIONS = (
    Decision(
        "reject", "Reject", "rejected", RejectForm, services.reject, "r", offered_in=frozenset({State.PENDING.value})
    ),
    Decision("ask", "Ask a question", "asked", AskForm, moderation.ask, "q"),
    Decision("lane", "Set the lane", "moved", LaneForm, moderation.set_lane, "l"),
    Decision("workers", "Assign to workers", "assigned", WorkerClassForm, moderation.assign_worker_class, "w"),
    Decision("code", "Allow remote code", "decided", RemoteCodeForm, moderation.allow_remote_code, "c"),
    Decision(
        "handover",
        "Hand over",
        "handed over",
        HandOverForm,
        moderation.hand_over,
        "h",
        permission="submissions.hand_over_submission",
    ),
    Decision(
        "quota",
        "Set the submitter's quota",
        "the submitter's quota is set",
        QuotaForm,
        quotas.set_quota_of_submitter,
        "m",
        offered_in=frozenset(State.values),
        so_far=_quota,
    ),
)
