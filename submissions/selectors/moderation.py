"""What a moderator needs to know of a submission, and of the queue."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import Case, DateTimeField, F, QuerySet, When
from django.db.models.expressions import OrderBy

from leaderboard.metadata import FIELDS
from leaderboard.models import AuditEntry
from leaderboard.selectors.audit import audit_entries
from submissions.checks import Outcome
from submissions.differences import NONE, Difference, ScoreDifference, changed_members, changed_scores, changed_values
from submissions.metadata import shown_facts, written
from submissions.models import PlausibilityReport, Submission, SubmissionMessage
from submissions.selectors.organisations import is_teammate
from submissions.selectors.plausibility import own_scores
from submissions.selectors.wishes import described_wish, task_lines

# Parts of a wish that a comparison tells in its own way.
ASKED_ELSEWHERE = frozenset({"Model", "Revision", "Folder", "Boards", "Tasks", "Commit"})

# What waits comes first: by lane, then the oldest. Behind it what is decided, the newest first.
QUEUE_ORDER: tuple[OrderBy, ...] = (
    Case(When(state=Submission.State.PENDING, then=F("lane"))).desc(nulls_last=True),
    Case(When(state=Submission.State.PENDING, then=F("created_at")), output_field=DateTimeField()).asc(nulls_last=True),
    F("pk").desc(),
)


@dataclass(frozen=True)
class Comparison:
    """What changed since an earlier submission of the model."""

    earlier: Submission
    values: list[Difference]
    scores: list[ScoreDifference]


@dataclass(frozen=True)
class Desk:
    """Everything around one submission."""

    report: PlausibilityReport | None
    comparison: Comparison | None
    thread: QuerySet[SubmissionMessage]
    history: QuerySet[AuditEntry]
    next_waiting: Submission | None
    n_waiting: int


def moderation_desk(submission: Submission) -> Desk:
    waiting = Submission.objects.pending().filter(question_open=False).exclude(pk=submission.pk)
    return Desk(
        report=getattr(submission, "plausibility", None),
        comparison=comparison_with_earlier(submission),
        thread=submission.messages.select_related("author"),
        history=audit_entries(submission),
        next_waiting=waiting.order_by(*QUEUE_ORDER).first(),
        n_waiting=waiting.count(),
    )


def comparison_with_earlier(submission: Submission) -> Comparison | None:
    """None for the first submission of a model."""
    earlier = (
        Submission.objects.filter(model_name=submission.model_name, pk__lt=submission.pk)
        .select_related("run", "submitter")
        .prefetch_related("benchmarks", "tasks")
        .order_by("-pk")
        .first()
    )
    if earlier is None:
        return None
    values = [
        *changed_values(_plain_values(earlier), _plain_values(submission)),
        *changed_members("Boards", _titles(earlier), _titles(submission)),
        *changed_members("Single tasks", task_lines(earlier), task_lines(submission)),
        *changed_values(_checks(earlier), _checks(submission)),
    ]
    return Comparison(earlier, values, changed_scores(own_scores(earlier.run), own_scores(submission.run)))


def _plain_values(submission: Submission) -> dict[str, str]:
    """What the submission says, by the words that a page has for it."""
    return {
        "Submitter": submission.submitter.get_username(),
        "Revision": submission.model_revision,
        "Asked for as": submission.requested_revision,
        "Read from": submission.local_path or submission.get_source_kind_display(),
        **{what: said for what, said in described_wish(submission).items() if what not in ASKED_ELSEWHERE},
        **{fact.label: fact.value for fact in shown_facts(submission.metadata)},
    }


def _checks(submission: Submission) -> dict[str, str]:
    """The sentences of notes and problems; what is fine says nothing new."""
    noted = (check for check in submission.checks if Outcome(check["outcome"]) is not Outcome.OK)
    return {f"Check: {check['name']}": check["sentence"] for check in noted}


def _titles(submission: Submission) -> list[str]:
    return [board.title for board in submission.benchmarks.all()]


@dataclass(frozen=True)
class CorrectedFact:
    """What the submitter says of the model, and what its repository does; NONE where that says nothing."""

    label: str
    value: str
    repository: str


def corrected_facts(submission: Submission) -> list[CorrectedFact]:
    said = submission.metadata
    return [
        CorrectedFact(FIELDS[name].label, written(value), written(said[name]["value"]) if name in said else NONE)
        for name, value in submission.edits.items()
    ]


def files_on_hub(submission: Submission) -> str:
    """The address of the list of files at the commit that was submitted."""
    return f"{settings.HF_ENDPOINT.rstrip('/')}/{submission.model_name}/tree/{submission.model_revision}"


def may_answer(user: User, submission: Submission) -> bool:
    """Whoever submitted and their team-mates, as long as the submission is not withdrawn and somebody asked."""
    return (
        (submission.submitter_id == user.pk or is_teammate(user, submission))
        and submission.state != Submission.State.WITHDRAWN
        and submission.messages.exists()
    )
