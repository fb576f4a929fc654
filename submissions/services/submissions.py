"""Writes of submissions: submit, change, approve, reject, withdraw."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model
from django.db import connection, transaction
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from evaluation.models import Lane
from evaluation.services.credentials import hand_over_credential, keep_credential
from evaluation.services.runs import cancel_run, checked_settings, request_run
from leaderboard.services.audit import record
from submissions.checks import (
    check_news,
    check_quota,
    code_needed,
    stops,
)
from submissions.models import SourceKind, Submission, SubmissionEdit, Visibility
from submissions.notices import Event
from submissions.selectors import submissions as selectors
from submissions.selectors.quotas import allowance
from submissions.selectors.wishes import described_wish
from submissions.services.assessment import (
    Assessment,
    assess_wish,
    candidate_of_wish,
    cells_of_wish,
    with_kept_token,
)
from submissions.services.errors import NotPossible, ReasonMissing, SubmissionRefused
from submissions.services.model_entries import put_on_list
from submissions.services.notifications import notify
from submissions.services.plausibility import report_plausibility
from submissions.services.watches import drop_onlookers
from submissions.snapshot import ModelSnapshot
from submissions.wishes import Wish

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def _one_after_the_other(wish: Wish, snapshot: ModelSnapshot, asked_by: User, edited: Submission | None = None) -> None:
    """Two who ask for the same model in the same moment, or one who clicks twice: the second sees the first here."""
    _take_turn(snapshot.name, f"asked at {snapshot.commit}")
    cells = cells_of_wish(wish)
    known = selectors.standing(candidate_of_wish(wish, snapshot, cells, asked_by, edited))
    if stops(checks := [check_news(selectors.wanted_tasks(cells), known)]):
        raise SubmissionRefused(checks, known)


def _take_turn(model_name: str, doing: str) -> None:
    """Who does the same with the same model waits until this transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s), hashtext(%s))", [model_name, doing])


@sensitive_variables("wish")
def submit(*, submitter: User, previous: Submission | None = None, **wished: Any) -> Submission:
    """A pending submission. Raises SubmissionRefused, with nothing saved, where a check stops it.

    The other arguments are those of `Wish`.
    """
    wish = Wish(**wished)
    assessed = assess_wish(wish, submitter, None)
    if assessed.is_refused or assessed.snapshot is None:
        raise SubmissionRefused(assessed.checks, assessed.standing, assessed.metadata)
    submission = Submission(submitter=submitter, previous=previous)
    _fill(submission, wish, assessed, assessed.snapshot)
    with transaction.atomic():
        _one_after_the_other(wish, assessed.snapshot, submitter)
        _spend_quota(submitter)
        if wish.token:
            submission.credential = keep_credential(token=wish.token)
        submission.save()
        submission.benchmarks.set(wish.benchmarks)
        submission.tasks.set(wish.tasks)
        report_plausibility(submission=submission)
    return submission


def _fill(submission: Submission, wish: Wish, assessed: Assessment, snapshot: ModelSnapshot) -> None:
    """All that the wish and its checks say of a submission, unsaved; boards and tasks are set afterwards."""
    submission.source_kind = SourceKind.LOCAL_FOLDER if wish.local_path else SourceKind.HUB
    submission.local_path = wish.local_path
    submission.model_name = snapshot.name
    submission.requested_revision = wish.revision
    submission.model_revision = snapshot.commit
    submission.is_closed = not snapshot.is_open
    submission.parts = {
        task.name: {"splits": cells.eval_splits, "subsets": cells.hf_subsets} for task, cells in wish.parts.items()
    }
    submission.settings = checked_settings(wish.settings)
    submission.batch_size = wish.batch_size
    submission.training_data = dict(wish.training_data) if wish.training_data is not None else None
    submission.declined = {task.name: reason for task, reason in wish.declined.items()}
    submission.visibility = Visibility.PRIVATE if wish.is_private else Visibility.PUBLIC
    submission.embargo_until = wish.embargo_until if wish.is_private else None
    submission.published_at = None
    submission.organisation = wish.organisation
    submission.keeps_predictions = wish.keeps_predictions
    submission.note = wish.note
    submission.checks = [check.as_json() for check in assessed.checks]
    submission.metadata = assessed.metadata
    submission.edits = assessed.edits


def _spend_quota(submitter: User) -> None:
    """Two submissions in the same moment are counted one after the other."""
    get_user_model().objects.select_for_update().get(pk=submitter.pk)
    if stops(checks := [check_quota(allowance(submitter))]):
        raise SubmissionRefused(checks)


@sensitive_variables("wish", "wished")
def edit(*, submission: Submission, edited_by: User, **wished: Any) -> Submission:
    """Changes a submission that waits, after the same checks, and notes what was different.

    Without a new token the one that was given before is used. Raises NotPossible and SubmissionRefused.
    """
    wish = with_kept_token(Wish(**wished), submission)
    assessed = assess_wish(wish, submission.submitter, submission)
    if assessed.is_refused or assessed.snapshot is None:
        raise SubmissionRefused(assessed.checks, assessed.standing, assessed.metadata)
    with transaction.atomic():
        _one_after_the_other(wish, assessed.snapshot, submission.submitter, submission)
        locked = _locked_pending(submission, "changed")
        before, code_before = described_wish(locked), _code_of(locked)
        _fill(locked, wish, assessed, assessed.snapshot)
        locked.version += 1
        if _code_of(locked) != code_before:
            _take_back_leave(locked, edited_by)
        if wished.get("token") or wish.model_name != submission.model_name:
            _drop_credential(locked)
        if wished.get("token"):
            locked.credential = keep_credential(token=wish.token)
        locked.save()
        locked.benchmarks.set(wish.benchmarks)
        locked.tasks.set(wish.tasks)
        _note_changes(locked, edited_by, before)
        if locked.is_hidden:
            drop_onlookers(submission=locked)
        report_plausibility(submission=locked)
    return locked


def _code_of(submission: Submission) -> tuple[str, str, str]:
    """What a moderator reads who lets a model run code of its own."""
    return submission.model_name, submission.model_revision, submission.local_path


def _take_back_leave(submission: Submission, edited_by: User) -> None:
    """Nobody has read the code that the submission names now."""
    if submission.allows_remote_code:
        submission.allows_remote_code = False
        record(
            actor=edited_by,
            action="changed the code that was allowed",
            subject=submission,
            before={"allows_remote_code": True},
            after={"allows_remote_code": False},
        )


def _note_changes(submission: Submission, edited_by: User, before: Mapping[str, str]) -> None:
    after = described_wish(submission)
    changes = {what: [before[what], after[what]] for what in after if before[what] != after[what]}
    if changes:
        SubmissionEdit.objects.create(submission=submission, edited_by=edited_by, changes=changes)


@transaction.atomic
def approve(*, submission: Submission, decided_by: User) -> Submission:
    """Puts the submission's model on the board's list and its tasks into the queue."""
    submission = _locked_pending(submission, "approved")
    # Another one of the same commit, approved in the same moment, leaves out what this one queues.
    _take_turn(submission.model_name, f"approved at {submission.model_revision}")
    if code_needed(submission.checks) and not submission.allows_remote_code:
        raise NotPossible(f"{submission} needs code from its own repository. Allow that first, or reject it.")
    if submission.is_hidden and submission.embargo_is_over:
        submission.published_at = timezone.now()
    benchmarks, singles = list(submission.benchmarks.all()), list(submission.tasks.all())
    cells = selectors.cells_of(submission)
    without = selectors.tasks_left_out(submission, cells)
    if len(without) == len(cells):
        raise NotPossible(
            f"Nothing is left to run for {submission}: every task was evaluated or queued meanwhile. Reject it instead."
        )
    submission.run = request_run(
        model_meta=put_on_list(submission),
        revision=submission.model_revision,
        local_path=submission.local_path,
        pinned_by_content=bool(submission.local_path) and not submission.requested_revision,
        tasks=singles,
        parts=selectors.parts_of(submission),
        benchmarks=benchmarks,
        without=without,
        requested_by=submission.submitter,
        settings=submission.settings,
        batch_size=submission.batch_size,
        weights_mb=submission.metadata.get("memory_usage_mb", {}).get("value"),
        is_private=submission.is_hidden,
        is_closed=submission.is_closed,
        keeps_predictions=submission.keeps_predictions,
        lane=Lane(submission.lane),
        worker_class=submission.worker_class,
        allows_remote_code=submission.allows_remote_code,
    )
    if submission.credential is not None:
        hand_over_credential(credential=submission.credential, run=submission.run)
    _decide(submission, Submission.State.APPROVED, decided_by)
    return submission


@transaction.atomic
def reject(*, submission: Submission, decided_by: User, reason: str) -> Submission:
    if not reason.strip():
        raise ReasonMissing("Say why: the submitter reads the reason on the submission's page.")
    submission = _locked_pending(submission, "rejected")
    submission.reason = reason.strip()
    _drop_credential(submission)
    _decide(submission, Submission.State.REJECTED, decided_by)
    notify(submission=submission, event=Event.REJECTED, message=submission.reason)
    return submission


@transaction.atomic
def withdraw(*, submission: Submission, by: User | None = None) -> Submission:
    """Takes the submission back; an evaluation that was under way stops, and what it finished stays.

    `by` is noted in the audit log where it is not the submitter.
    """
    submission = _locked(submission)
    if not submission.can_be_withdrawn:
        raise NotPossible(f"{submission} cannot be withdrawn any more: it is {submission.get_state_display()}.")
    if submission.run is not None:
        cancel_run(run=submission.run)
    _drop_credential(submission)
    submission.state = Submission.State.WITHDRAWN
    submission.withdrawn_at = timezone.now()
    submission.save(update_fields=["state", "withdrawn_at"])
    if by is not None and by != submission.submitter:
        record(actor=by, action="withdrawn", subject=submission)
    if submission.run is None:  # Else the end of the run is told.
        notify(submission=submission, event=Event.WITHDRAWN)
    return submission


def _drop_credential(submission: Submission) -> None:
    """The token goes as soon as nothing is left to run with it."""
    if submission.credential is not None:
        credential, submission.credential = submission.credential, None
        credential.delete()


def _locked(submission: Submission) -> Submission:
    """The row as it stands now, held until the transaction ends: two people may decide at the same moment."""
    return (
        Submission.objects.select_for_update(of=("self",))
        .select_related("run", "submitter", "credential")
        .get(pk=submission.pk)
    )


def _locked_pending(submission: Submission, verb: str) -> Submission:
    locked = _locked(submission)
    if locked.state != Submission.State.PENDING:
        raise NotPossible(f"{locked} cannot be {verb}: it is {locked.get_state_display()}.")
    return locked


def _decide(submission: Submission, state: Submission.State, decided_by: User) -> None:
    submission.state = state
    submission.decided_by = decided_by
    submission.decided_at = timezone.now()
    submission.save(update_fields=["state", "decided_by", "decided_at", "reason", "run", "published_at"])
    record(
        actor=decided_by,
        action=state.value,
        subject=submission,
        before={"state": Submission.State.PENDING.value},
        after={"state": state.value} | ({"run": submission.run_id} if submission.run_id else {}),
        reason=submission.reason,
    )
