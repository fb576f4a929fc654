"""Runs: requested, cancelled, tried again."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from evaluation.capabilities import memory_needed_mb
from evaluation.failures import FailureClass
from evaluation.models import AttemptLog, EvaluationRun, EvaluationUnit, Lane
from evaluation.selectors.cells import UnitCells, cells_wanted
from evaluation.selectors.estimates import seconds_by_task
from evaluation.selectors.runs import token_is_gone
from evaluation.services.attempts import record_attempt
from evaluation.services.states import lock_run, settle_run
from evaluation.services.waking import wake
from leaderboard.models import Benchmark, ModelMeta, Task
from leaderboard.services.audit import record
from leaderboard.services.model_metas import list_model

SETTINGS: Mapping[str, type] = {
    "embed_dim": int,
    "max_seq_length": int,
    "model_prompts": dict,
    "dtype": str,
    "framework": str,
}
CHOICES: Mapping[str, tuple[str, ...]] = {
    "dtype": ("float32", "float16", "bfloat16"),
    "framework": ("sentence-transformers", "registry", "transformers"),
}


MOST_RETRIES = 3
"""So often those to whom a run belongs may have failed tasks run again. Failures of our machines do not count."""


class EvaluationError(Exception):
    """The message is a sentence for the person who asked."""


@transaction.atomic
def request_run(
    *,
    model_meta: ModelMeta,
    revision: str,
    tasks: Sequence[Task] = (),
    parts: Mapping[Task, UnitCells] | None = None,
    benchmarks: Sequence[Benchmark] = (),
    without: Collection[Task] = (),
    requested_by: User | None = None,
    settings: Mapping[str, Any] | None = None,
    lane: Lane = Lane.NORMAL,
    worker_class: str = "",
    allows_remote_code: bool = False,
    keeps_predictions: bool = False,
    local_path: str = "",
    pinned_by_content: bool = False,
    is_private: bool = False,
    is_closed: bool = False,
    batch_size: int | None = None,
    weights_mb: float | None = None,
) -> EvaluationRun:
    """Queue the model on whole tasks, on parts of tasks, and on the cells that benchmarks count of theirs.

    Tasks in `without` are left out. `batch_size` is a hint for the first attempt; `weights_mb` says how large the model
    is where its entry does not.
    """
    cells = cells_wanted(tasks=tasks, parts=parts or {}, benchmarks=benchmarks)
    for task in without:
        cells.pop(task, None)
    if not cells:
        raise EvaluationError("Name at least one task to evaluate.")
    if not is_private:
        list_model(model_meta=model_meta)
    run = EvaluationRun.objects.create(
        model_meta=model_meta,
        revision=revision,
        local_path=local_path,
        pinned_by_content=pinned_by_content,
        settings=checked_settings(settings or {}),
        requested_by=requested_by,
        lane=lane,
        worker_class=worker_class,
        allows_remote_code=allows_remote_code,
        keeps_predictions=keeps_predictions,
        is_private=is_private,
        batch_size=batch_size,
        is_closed=is_closed,
    )
    seconds = seconds_by_task(cells, model_meta)
    EvaluationUnit.objects.bulk_create(
        EvaluationUnit(
            run=run,
            task=task,
            eval_splits=cell.eval_splits,
            hf_subsets=cell.hf_subsets,
            needs_memory_mb=memory_needed_mb(model_meta.memory_usage_mb or weights_mb),
            batch_size=batch_size,
            estimated_seconds=seconds[task.pk],
        )
        for task, cell in cells.items()
    )
    transaction.on_commit(wake)
    return run


def checked_settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of a variant, or an error that names the one this board does not know."""
    for name, value in settings.items():
        if name not in SETTINGS:
            raise EvaluationError(f"There is no setting “{name}”. The settings of a run are: {', '.join(SETTINGS)}.")
        if not isinstance(value, SETTINGS[name]) or isinstance(value, bool):
            raise EvaluationError(f"The setting “{name}” must be of type {SETTINGS[name].__name__}.")
        if name in CHOICES and value not in CHOICES[name]:
            raise EvaluationError(f"The setting “{name}” is one of: {', '.join(CHOICES[name])}.")
    return dict(settings)


@transaction.atomic
def cancel_run(*, run: EvaluationRun, by: User | None = None, reason: str = "") -> int:
    """Stop what of the run is unfinished, in how many units; a worker that is on it notices within seconds.

    `by` is a moderator, for the audit log; nobody where the one whose run it is stops it.
    """
    run = lock_run(run)
    for unit in run.units.select_for_update(of=("self",)).filter(state=EvaluationUnit.State.RUNNING).order_by("pk"):
        record_attempt(unit=unit, outcome=AttemptLog.Outcome.CANCELLED)
    cancelled = run.units.unfinished().update(
        state=EvaluationUnit.State.CANCELLED, owner="", lease_until=None, progress="", finished_at=Now()
    )
    settle_run(run)
    if by is not None and cancelled:
        record(actor=by, action="cancelled", subject=run, after={"tasks": cancelled}, reason=reason)
    return cancelled


@transaction.atomic
def retry_failed_units(
    *, run: EvaluationRun, by: User | None = None, reason: str = "", is_counted: bool = False
) -> int:
    """Queue what failed or was cancelled once more, with all attempts. Says how many units that is.

    `by` as for `cancel_run`. `is_counted`: those to whom the run belongs ask for it, who may do so a few times.
    Raises EvaluationError.
    """
    run = lock_run(run)
    if token_is_gone(run):
        raise EvaluationError(
            "The token that opens the model was deleted when the run ended: submit it again with one."
        )
    failed = run.units.filter(state__in=[EvaluationUnit.State.FAILED, EvaluationUnit.State.CANCELLED])
    if is_counted:
        _count_retry(run, failed)
    queued = failed.update(
        state=EvaluationUnit.State.QUEUED,
        attempts=0,
        lost_claims=0,
        available_at=Now(),
        error="",
        failure_class="",
        batch_size=run.batch_size,
        finished_at=None,
    )
    settle_run(run)
    if queued:
        transaction.on_commit(wake)
    if by is not None and queued:
        record(actor=by, action="retried", subject=run, after={"tasks": queued}, reason=reason)
    return queued


def _count_retry(run: EvaluationRun, failed: QuerySet[EvaluationUnit]) -> None:
    if not failed.exclude(failure_class=FailureClass.INFRASTRUCTURE.value).exists():
        return
    if run.n_retries >= MOST_RETRIES:
        raise EvaluationError(
            f"Tasks of this run were run again {MOST_RETRIES} times, which is the limit. Ask the moderators, or submit "
            "the model again when it is mended."
        )
    run.n_retries += 1
    run.save(update_fields=["n_retries"])
