"""Writes of submissions: submit, approve, reject, withdraw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from django.utils import timezone

from evaluation.models import Lane
from evaluation.services.runs import cancel_run, request_run
from leaderboard.models import Benchmark, MetadataVersion, ModelMeta, Origin, Task
from leaderboard.services.audit import record
from leaderboard.services.boards import bump_data_version
from leaderboard.services.metadata import record_claims
from submissions import hub, local_folder
from submissions.checks import Check, Outcome, Subject, check_model, check_wish, code_needed, stops
from submissions.hub_metadata import published_on_hub, repository_claims
from submissions.metadata import Metadata, describe
from submissions.models import SourceKind, Submission
from submissions.notices import Event
from submissions.selectors import submissions as selectors
from submissions.services.notifications import notify
from submissions.services.plausibility import report_plausibility
from submissions.snapshot import ModelSnapshot

if TYPE_CHECKING:
    from django.contrib.auth.models import User


class SubmissionError(Exception):
    """The message is a sentence for the person who tried."""


class SubmissionRefused(SubmissionError):
    """Checks stopped it; all of them are in `checks`."""

    def __init__(self, checks: Sequence[Check]) -> None:
        self.checks = list(checks)
        super().__init__(" ".join(check.sentence for check in checks if check.outcome is Outcome.ERROR))


class NotPossible(SubmissionError):
    """The submission is in a state that does not allow it."""


class ReasonMissing(SubmissionError):
    pass


@dataclass(frozen=True)
class Assessment:
    """What the checks found. `snapshot` is None where the model could not be read."""

    checks: list[Check]
    metadata: Metadata
    snapshot: ModelSnapshot | None

    @property
    def is_refused(self) -> bool:
        return stops(self.checks)


def assess(
    *,
    model_name: str,
    revision: str = "",
    local_path: str = "",
    benchmarks: Sequence[Benchmark] = (),
    tasks: Sequence[Task] = (),
) -> Assessment:
    """Reads the model and runs every check, saving nothing."""
    try:
        snapshot = _read_model(model_name, revision, local_path)
    except hub.RevisionUnknown as error:
        return Assessment([Check(Subject.REVISION, Outcome.ERROR, str(error))], {}, None)
    except (hub.HubError, local_folder.FolderUnreadable) as error:
        return Assessment([Check(Subject.MODEL, Outcome.ERROR, str(error))], {}, None)
    cells = selectors.cells_chosen(benchmarks, tasks)
    known = selectors.standing(snapshot.name, snapshot.commit, cells, is_local=bool(local_path))
    checks = [*check_model(snapshot), *check_wish(selectors.wanted_tasks(cells), known)]
    return Assessment(checks, describe(snapshot), snapshot)


def submit(
    *,
    submitter: User,
    model_name: str,
    revision: str = "",
    local_path: str = "",
    benchmarks: Sequence[Benchmark] = (),
    tasks: Sequence[Task] = (),
    note: str = "",
) -> Submission:
    """A pending submission. Raises SubmissionRefused, with nothing saved, where a check stops it."""
    assessed = assess(
        model_name=model_name, revision=revision, local_path=local_path, benchmarks=benchmarks, tasks=tasks
    )
    if assessed.is_refused or assessed.snapshot is None:
        raise SubmissionRefused(assessed.checks)
    submission = Submission(
        submitter=submitter,
        source_kind=SourceKind.LOCAL_FOLDER if local_path else SourceKind.HUB,
        local_path=local_path,
        model_name=assessed.snapshot.name,
        requested_revision=revision,
        model_revision=assessed.snapshot.commit,
        note=note,
        checks=[check.as_json() for check in assessed.checks],
        metadata=assessed.metadata,
    )
    try:
        with transaction.atomic():
            submission.save()
            submission.benchmarks.set(benchmarks)
            submission.tasks.set(tasks)
            report_plausibility(submission=submission)
    except IntegrityError as error:
        if "one_pending_submission_per_model_revision" not in str(error):
            raise
        sentence = "Somebody submitted this revision a moment ago, and it waits for a decision."
        raise SubmissionRefused([Check(Subject.NEWS, Outcome.ERROR, sentence)]) from error
    return submission


@transaction.atomic
def approve(*, submission: Submission, decided_by: User) -> Submission:
    """Puts the submission's model on the board's list and its tasks into the queue."""
    submission = _locked_pending(submission, "approved")
    if code_needed(submission.checks) and not submission.allows_remote_code:
        raise NotPossible(f"{submission} needs code from its own repository. Allow that first, or reject it.")
    benchmarks, singles = list(submission.benchmarks.all()), list(submission.tasks.all())
    cells = selectors.cells_chosen(benchmarks, singles)
    without = selectors.tasks_left_out(submission, cells)
    if len(without) == len(cells):
        raise NotPossible(
            f"Nothing is left to run for {submission}: every task was evaluated or queued meanwhile. Reject it instead."
        )
    submission.run = request_run(
        model_meta=_put_on_list(submission),
        revision=submission.model_revision,
        local_path=submission.local_path,
        pinned_by_content=bool(submission.local_path) and not submission.requested_revision,
        tasks=singles,
        benchmarks=benchmarks,
        without=without,
        requested_by=submission.submitter,
        lane=Lane(submission.lane),
        worker_class=submission.worker_class,
        allows_remote_code=submission.allows_remote_code,
    )
    _decide(submission, Submission.State.APPROVED, decided_by)
    return submission


@transaction.atomic
def reject(*, submission: Submission, decided_by: User, reason: str) -> Submission:
    if not reason.strip():
        raise ReasonMissing("Say why: the submitter reads the reason on the submission's page.")
    submission = _locked_pending(submission, "rejected")
    submission.reason = reason.strip()
    _decide(submission, Submission.State.REJECTED, decided_by)
    notify(submission=submission, event=Event.REJECTED, message=submission.reason)
    return submission


@transaction.atomic
def withdraw(*, submission: Submission) -> Submission:
    """Takes the submission back; an evaluation that was under way stops, and what it finished stays."""
    submission = _locked(submission)
    if not submission.can_be_withdrawn:
        raise NotPossible(f"{submission} cannot be withdrawn any more: it is {submission.get_state_display()}.")
    if submission.run is not None:
        cancel_run(run=submission.run)
    submission.state = Submission.State.WITHDRAWN
    submission.withdrawn_at = timezone.now()
    submission.save(update_fields=["state", "withdrawn_at"])
    return submission


def _read_model(model_name: str, revision: str, local_path: str) -> ModelSnapshot:
    if local_path:
        return local_folder.read_model(model_name, local_path, revision)
    return hub.read_model(model_name, revision)


def _locked(submission: Submission) -> Submission:
    """The row as it stands now, held until the transaction ends: two people may decide at the same moment."""
    return Submission.objects.select_for_update(of=("self",)).select_related("run", "submitter").get(pk=submission.pk)


def _locked_pending(submission: Submission, verb: str) -> Submission:
    locked = _locked(submission)
    if locked.state != Submission.State.PENDING:
        raise NotPossible(f"{locked} cannot be {verb}: it is {locked.get_state_display()}.")
    return locked


def _decide(submission: Submission, state: Submission.State, decided_by: User) -> None:
    submission.state = state
    submission.decided_by = decided_by
    submission.decided_at = timezone.now()
    submission.save(update_fields=["state", "decided_by", "decided_at", "reason", "run"])
    record(
        actor=decided_by,
        action=state.value,
        subject=submission,
        before={"state": Submission.State.PENDING.value},
        after={"state": state.value} | ({"run": submission.run_id} if submission.run_id else {}),
        reason=submission.reason,
    )


def _put_on_list(submission: Submission) -> ModelMeta:
    """The model's entry, with what its repository says of it; what the registry says of a model counts more."""
    model_meta, _ = ModelMeta.objects.select_for_update().get_or_create(
        name=submission.model_name, defaults={"origin": Origin.RESULTS, "in_registry": False}
    )
    if submission.local_path:
        model_meta.local_path = submission.local_path
        model_meta.save(update_fields=["local_path"])
    metadata = dict(submission.metadata)
    if submission.source_kind == SourceKind.HUB:
        metadata |= published_on_hub(submission.model_name)
    noted = repository_claims(model_meta, metadata, submission.model_revision)
    if record_claims(claims=noted, reason=MetadataVersion.Reason.SUBMISSION):
        bump_data_version()
        model_meta.refresh_from_db()
    return model_meta
