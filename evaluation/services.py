"""Writes of the machine room. The rows are the truth; the queue only wakes somebody up.

Every write for a claimed unit is fenced by the claim's `owner`: a worker that lost its lease changes nothing. Where a
run and its units are both locked, the run comes first.
"""

from __future__ import annotations

import socket
import uuid
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.conf import settings as django_settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F, Value
from django.db.models.functions import Greatest, Now
from django_q.models import OrmQ, Schedule
from django_q.tasks import async_task

from evaluation.failures import Failure, FailureClass
from evaluation.models import EvaluationRun, EvaluationUnit, Worker
from evaluation.selectors import UnitCells, cells_of_benchmarks
from leaderboard.models import Benchmark, ModelMeta, SourceKind, Task
from leaderboard.services.measurements import record_measurement
from leaderboard.services.schedules import ensure_schedule

MAX_ATTEMPTS = 3
RETRY_WAITS = (timedelta(seconds=30), timedelta(minutes=5))
RETRIED = {FailureClass.DOWNLOAD, FailureClass.MEMORY, FailureClass.INFRASTRUCTURE}
MAX_WAITING_TICKS = 3
SWEEP = "Wake workers for waiting evaluations"
FORGET_WORKERS_AFTER = timedelta(days=7)

SETTINGS: Mapping[str, type] = {"embed_dim": int, "max_seq_length": int, "model_prompts": dict}


class EvaluationError(Exception):
    """The message is a sentence for the person who asked."""


class ClaimLost(Exception):
    """The unit is no longer ours: cancelled, or its lease ran out and somebody else took it."""


@transaction.atomic
def request_run(
    *,
    model_meta: ModelMeta,
    revision: str,
    tasks: Sequence[Task] = (),
    benchmarks: Sequence[Benchmark] = (),
    without: Collection[Task] = (),
    requested_by: User | None = None,
    settings: Mapping[str, Any] | None = None,
    priority: int = 0,
    local_path: str = "",
    pinned_by_content: bool = False,
) -> EvaluationRun:
    """Queue the model on whole tasks and on the cells that benchmarks count of theirs, leaving out `without`."""
    cells = {task: UnitCells() for task in tasks}
    for task, wanted in cells_of_benchmarks(benchmarks).items():
        cells.setdefault(task, wanted)
    for task in without:
        cells.pop(task, None)
    if not cells:
        raise EvaluationError("Name at least one task to evaluate.")
    run = EvaluationRun.objects.create(
        model_meta=model_meta,
        revision=revision,
        local_path=local_path,
        pinned_by_content=pinned_by_content,
        settings=checked_settings(settings or {}),
        requested_by=requested_by,
        priority=priority,
    )
    EvaluationUnit.objects.bulk_create(
        EvaluationUnit(run=run, task=task, eval_splits=cell.eval_splits, hf_subsets=cell.hf_subsets)
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
    return dict(settings)


@transaction.atomic
def cancel_run(*, run: EvaluationRun) -> int:
    """Stop what of the run is unfinished, in how many units; a worker that is on it notices within seconds."""
    run = _lock(run)
    cancelled = run.units.unfinished().update(
        state=EvaluationUnit.State.CANCELLED, owner="", lease_until=None, progress="", finished_at=Now()
    )
    _settle(run)
    return cancelled


@transaction.atomic
def retry_failed_units(*, run: EvaluationRun) -> int:
    """Queue what failed or was cancelled once more, with all attempts. Says how many units that is."""
    run = _lock(run)
    queued = run.units.filter(state__in=[EvaluationUnit.State.FAILED, EvaluationUnit.State.CANCELLED]).update(
        state=EvaluationUnit.State.QUEUED,
        attempts=0,
        available_at=Now(),
        error="",
        failure_class="",
        batch_size=None,
        finished_at=None,
    )
    _settle(run)
    if queued:
        transaction.on_commit(wake)
    return queued


def claim(*, worker: Worker | None = None) -> EvaluationUnit | None:
    """The next unit, now ours until its lease runs out; None when nothing is to do or the worker is draining."""
    while unit := _claim_one(worker):
        if unit.attempts <= MAX_ATTEMPTS:
            EvaluationRun.objects.filter(pk=unit.run_id, state=EvaluationRun.State.QUEUED).update(
                state=EvaluationRun.State.RUNNING, started_at=Now()
            )
            return unit
        fail_unit(
            unit=unit,
            failure=Failure(
                FailureClass.INFRASTRUCTURE,
                f"The worker died {MAX_ATTEMPTS} times while it ran this task. {unit.error}".strip(),
                final=True,
            ),
        )
    return None


@transaction.atomic
def _claim_one(worker: Worker | None) -> EvaluationUnit | None:
    if worker and Worker.objects.filter(pk=worker.pk, draining=True).exists():
        return None
    unit = (
        EvaluationUnit.objects.claimable()
        .select_related("run__model_meta", "task")
        .select_for_update(skip_locked=True, of=("self",))
        .order_by("-run__priority", "pk")
        .first()
    )
    if unit is None:
        return None
    unit.owner = f"{socket.gethostname()}:{uuid.uuid4().hex}"
    unit.attempts += 1
    unit.worker = worker
    unit.state = EvaluationUnit.State.RUNNING
    EvaluationUnit.objects.filter(pk=unit.pk).update(
        state=unit.state,
        owner=unit.owner,
        attempts=unit.attempts,
        worker=worker,
        lease_until=_lease_end(),
        started_at=Now(),
        finished_at=None,
        progress="",
        log="",
    )
    return unit


def heartbeat(*, unit: EvaluationUnit, progress: str, log: str | None = None, silence: timedelta = timedelta()) -> None:
    """Renew the lease and publish what the evaluating process says; ClaimLost if the unit is no longer ours.

    `silence` is added to the lease where the next heartbeat may be late.
    """
    said = {"progress": progress} if log is None else {"progress": progress, "log": log}
    if not _ours(unit).update(lease_until=_lease_end() + silence, **said):
        raise ClaimLost


@transaction.atomic
def finish_unit(
    *,
    unit: EvaluationUnit,
    payload: bytes,
    environment: dict[str, Any],
    measurement: Mapping[str, Any] | None = None,
    log: str = "",
) -> None:
    """Store the result and what was measured as facts and close the unit, all or nothing."""
    from leaderboard.services.results import record_result  # Brings numpy, which processes that serve pages do without.

    run = _lock(unit.run)
    if not _ours(unit).select_for_update().exists():
        raise ClaimLost
    result = record_result(
        model_meta=run.model_meta,
        revision=run.revision,
        settings=run.settings or None,
        task=unit.task,
        payload=payload,
        source_kind=SourceKind.RUN,
        source_name="Podium",
        source_path=f"runs/{run.pk}/{unit.task.name}.json",
    )
    if measurement:
        record_measurement(result=result, run=run.pk, measured=measurement)
    _ours(unit).update(
        **_released(),
        state=EvaluationUnit.State.DONE,
        result=result,
        evaluation_time=result.evaluation_time,
        environment=environment,
        error="",
        failure_class="",
        log=log,
        finished_at=Now(),
    )
    _settle(run)


@transaction.atomic
def fail_unit(
    *, unit: EvaluationUnit, failure: Failure, environment: dict[str, Any] | None = None, log: str | None = None
) -> None:
    """Try the unit again later where that may help, else close it, and with it the whole run if no task can succeed."""
    run = _lock(unit.run)
    again = failure.failure_class in RETRIED and not failure.final and unit.attempts < MAX_ATTEMPTS
    outcome: dict[str, Any] = {
        **_released(),
        "error": failure.message,
        "failure_class": failure.failure_class.value,
        "environment": environment,
    }
    if log is not None:
        outcome["log"] = log
    if again:
        outcome |= {
            "state": EvaluationUnit.State.QUEUED,
            "available_at": Now() + RETRY_WAITS[min(unit.attempts, len(RETRY_WAITS)) - 1],
        }
        if failure.failure_class is FailureClass.MEMORY:
            outcome["batch_size"] = max((unit.batch_size or django_settings.EVALUATION_BATCH_SIZE) // 4, 1)
    else:
        outcome |= {"state": EvaluationUnit.State.FAILED, "finished_at": Now()}
    if not _ours(unit).update(**outcome):
        raise ClaimLost
    if failure.whole_run and not again:
        run.units.filter(state=EvaluationUnit.State.QUEUED).update(
            state=EvaluationUnit.State.FAILED,
            error=failure.message,
            failure_class=failure.failure_class.value,
            finished_at=Now(),
        )
    _settle(run)


def hand_back_unit(*, unit: EvaluationUnit) -> None:
    """Queue a unit that a draining worker stops in the middle; the attempt does not count."""
    _ours(unit).update(**_released(), **_handed_back())


def hand_back_units_of(*, worker: Worker, count_attempt: bool) -> int:
    """Queue whatever the worker still holds. `count_attempt`: its cluster died, perhaps because of them."""
    held = EvaluationUnit.objects.filter(worker=worker, state=EvaluationUnit.State.RUNNING)
    back = {"state": EvaluationUnit.State.QUEUED, "available_at": Now()} if count_attempt else _handed_back()
    return held.update(**_released(), **back)


def wake() -> None:
    """Send a worker to look at the rows. Idempotent: too many wake-ups cost nothing, a lost one is sent again."""
    async_task("evaluation.jobs.tick", cluster=django_settings.EVALUATION_QUEUE, ack_failure=True, save=False)


def ask_for_answer(*, queue: str) -> None:
    """Send a job that only shows that the queue is served."""
    async_task("evaluation.jobs.answer", cluster=queue, ack_failure=True, save=False)


def wake_if_claimable() -> bool:
    """Wake somebody if there is work and not already enough wake-ups wait unread."""
    queue = django_settings.EVALUATION_QUEUE
    waiting = OrmQ.objects.filter(key=queue, lock__lte=Now()).count()
    if waiting >= MAX_WAITING_TICKS or not EvaluationUnit.objects.claimable().exists():
        return False
    wake()
    return True


def ensure_sweep_schedule() -> None:
    """Every minute somebody looks for units that nobody was woken for."""
    ensure_schedule(name=SWEEP, func="evaluation.jobs.sweep", schedule_type=Schedule.MINUTES, minutes=1)


def start_worker(*, queue: str, pid: int) -> Worker:
    Worker.objects.filter(last_seen__lt=Now() - FORGET_WORKERS_AFTER).delete()
    return Worker.objects.create(host=socket.gethostname(), pid=pid, queue=queue)


def worker_seen(*, worker: Worker) -> None:
    Worker.objects.filter(pk=worker.pk).update(last_seen=Now())


def worker_answered(*, worker_id: int) -> None:
    Worker.objects.filter(pk=worker_id).update(answered_at=Now())


def drain_worker(*, worker: Worker) -> None:
    Worker.objects.filter(pk=worker.pk).update(draining=True)


def stop_worker(*, worker: Worker) -> None:
    Worker.objects.filter(pk=worker.pk).update(draining=True, stopped_at=Now())
    hand_back_units_of(worker=worker, count_attempt=False)


def _ours(unit: EvaluationUnit) -> Any:
    return EvaluationUnit.objects.filter(pk=unit.pk, owner=unit.owner, state=EvaluationUnit.State.RUNNING)


def _released() -> dict[str, Any]:
    return {"owner": "", "lease_until": None, "progress": ""}


def _handed_back() -> dict[str, Any]:
    return {
        "state": EvaluationUnit.State.QUEUED,
        "attempts": Greatest(F("attempts") - 1, Value(0)),
        "available_at": Now(),
    }


def _lease_end() -> Any:
    return Now() + timedelta(seconds=django_settings.EVALUATION_LEASE_SECONDS)


def _lock(run: EvaluationRun) -> EvaluationRun:
    return EvaluationRun.objects.select_for_update(of=("self",)).select_related("model_meta").get(pk=run.pk)


def _settle(run: EvaluationRun) -> None:
    """Give the run the state that follows from its units. The caller holds the run's lock."""
    states = set(run.units.values_list("state", flat=True))
    unit, state = EvaluationUnit.State, EvaluationRun.State
    if states & {unit.QUEUED, unit.RUNNING}:
        settled = state.QUEUED if states == {unit.QUEUED} and run.started_at is None else state.RUNNING
    elif unit.FAILED in states:
        settled = state.FAILED
    elif unit.CANCELLED in states:
        settled = state.CANCELLED
    else:
        settled = state.DONE
    finished = settled in EvaluationRun.FINISHED_STATES
    EvaluationRun.objects.filter(pk=run.pk).update(state=settled, finished_at=Now() if finished else None)
