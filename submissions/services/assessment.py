"""Reading the model that somebody wishes to be evaluated, and checking the wish. Nothing is written here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from django.conf import settings as django_settings
from django.views.decorators.debug import sensitive_variables

from evaluation.encryption import decrypt
from evaluation.selectors.cells import UnitCells, cells_wanted
from evaluation.selectors.estimates import Estimate, estimate
from evaluation.selectors.workers import largest_memory_mb
from leaderboard.models import ModelMeta, Task
from submissions import hub, local_folder
from submissions.checks import (
    Check,
    Outcome,
    Standing,
    Subject,
    check_edits,
    check_model,
    check_wish,
    stops,
)
from submissions.metadata import Metadata, describe, read_edits
from submissions.models import Submission
from submissions.selectors import submissions as selectors
from submissions.selectors.quotas import allowance
from submissions.snapshot import ModelSnapshot
from submissions.wishes import Wish

if TYPE_CHECKING:
    from django.contrib.auth.models import User


@dataclass(frozen=True)
class Assessment:
    """What the checks found. `snapshot` is None where the model could not be read."""

    checks: list[Check]
    metadata: Metadata
    snapshot: ModelSnapshot | None
    edits: dict[str, Any] = field(default_factory=dict)
    standing: Standing = field(default_factory=Standing)
    estimate: Estimate | None = None

    @property
    def is_refused(self) -> bool:
        return stops(self.checks)


def assess(*, asked_by: User | None = None, edited: Submission | None = None, **wish: Any) -> Assessment:
    """Reads the model and runs every check, saving nothing. The other arguments are those of `Wish`."""
    wanted = Wish(**wish)
    return assess_wish(wanted if edited is None else with_kept_token(wanted, edited), asked_by, edited)


def assess_wish(wish: Wish, asked_by: User | None, edited: Submission | None) -> Assessment:
    try:
        snapshot = _read_model(wish)
    except hub.RevisionUnknown as error:
        return Assessment([Check(Subject.REVISION, Outcome.ERROR, str(error))], {}, None)
    except (hub.HubError, local_folder.FolderUnreadable) as error:
        return Assessment([Check(Subject.MODEL, Outcome.ERROR, str(error))], {}, None)
    cells = cells_of_wish(wish)
    candidate = candidate_of_wish(wish, snapshot, cells, asked_by, edited)
    known = selectors.standing(candidate)
    metadata = describe(snapshot)
    edits, problems = read_edits(metadata, wish.edits)
    checks = [
        *check_model(snapshot, largest_worker_mb=largest_memory_mb(django_settings.EVALUATION_QUEUE)),
        *check_edits(list(problems.values()), len(edits)),
        *check_wish(
            selectors.wanted_tasks(cells),
            known,
            settings=wish.settings,
            facts={name: fact["value"] for name, fact in metadata.items()} | edits,
            allowance=allowance(asked_by, besides=edited) if asked_by else None,
        ),
    ]
    return Assessment(checks, metadata, snapshot, edits, known, _estimate(snapshot, cells, known))


def cells_of_wish(wish: Wish) -> dict[Task, UnitCells]:
    cells = cells_wanted(tasks=wish.tasks, parts=wish.parts, benchmarks=wish.benchmarks)
    return {task: cell for task, cell in cells.items() if task not in wish.declined}


def candidate_of_wish(
    wish: Wish,
    snapshot: ModelSnapshot,
    cells: Mapping[Task, UnitCells],
    asked_by: User | None,
    edited: Submission | None,
) -> selectors.Candidate:
    return selectors.Candidate(
        snapshot.name,
        snapshot.commit,
        cells,
        wish.settings,
        asked_by,
        is_local=bool(wish.local_path),
        is_private=wish.is_private,
        besides=edited,
    )


def _estimate(snapshot: ModelSnapshot, cells: Mapping[Task, Any], known: Standing) -> Estimate:
    """Of what would really run."""
    done = known.evaluated | known.queued
    tasks = [task for task in cells if task.can_be_run and task.name not in done]
    model = ModelMeta.objects.filter(name=snapshot.name).first()
    return estimate(tasks, model or (sum(snapshot.parameters.values()) if snapshot.parameters else None))


@sensitive_variables("wish")
def with_kept_token(wish: Wish, submission: Submission) -> Wish:
    """A token was given for one model: whoever changes the submission cannot open another one with it."""
    if wish.token or submission.credential is None or wish.model_name != submission.model_name:
        return wish
    return replace(wish, token=decrypt(bytes(submission.credential.encrypted)))


@sensitive_variables("wish")
def _read_model(wish: Wish) -> ModelSnapshot:
    if wish.local_path:
        return local_folder.read_model(wish.model_name, wish.local_path, wish.revision)
    return hub.read_model(wish.model_name, wish.revision, token=wish.token)
