"""What a worker writes about the unit that it holds. The rows are the truth; the queue only wakes somebody up.

Every write is fenced by the claim's `owner`: a worker that lost its lease changes nothing.
"""

from __future__ import annotations

import socket
import uuid
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.conf import settings as django_settings
from django.db import transaction
from django.db.models import F, Max, Value
from django.db.models.functions import Greatest, Now

from evaluation.failures import Failure, FailureClass
from evaluation.models import AttemptLog, EvaluationRun, EvaluationUnit, WithheldResult, Worker
from evaluation.retries import LOST_CLAIMS, Attempt, after
from evaluation.selectors.pauses import queue_is_paused
from evaluation.selectors.turns import LONGEST_FIRST, turns_to_claim
from evaluation.selectors.workers import workers_alive, workers_that_claim
from evaluation.services.attempts import record_attempt
from evaluation.services.environments import keep_packages
from evaluation.services.predictions import keep_predictions
from evaluation.services.states import lock_run, settle_run
from leaderboard.models import TaskResult
from leaderboard.services.measurements import record_measurement

OTHERS_FIRST = timedelta(minutes=10)
"""How long a unit waits whose evaluation could not begin: longer than its worker rests."""


class ClaimLost(Exception):
    """The unit is no longer ours: cancelled, or its lease ran out and somebody else took it."""


def claim(*, worker: Worker | None = None, staying_with: EvaluationRun | None = None) -> EvaluationUnit | None:
    """The next unit that the worker can evaluate, now ours until its lease runs out; None when nothing is to do.

    Lanes come first, then submitters who have little at work, then the oldest run, of a run the longest task. Units of
    `staying_with`, whose model the worker has in memory, come before others of its lane.
    """
    while unit := _claim_one(worker, staying_with):
        if unit.lost_claims < LOST_CLAIMS:
            EvaluationRun.objects.filter(pk=unit.run_id, state=EvaluationRun.State.QUEUED).update(
                state=EvaluationRun.State.RUNNING, started_at=Now()
            )
            return unit
        fail_unit(
            unit=unit,
            failure=Failure(
                FailureClass.INFRASTRUCTURE,
                f"The worker died {LOST_CLAIMS} times while it ran this task. {unit.error}".strip(),
                final=True,
            ),
        )
    return None


@transaction.atomic
def _claim_one(worker: Worker | None, staying_with: EvaluationRun | None) -> EvaluationUnit | None:
    if worker and not workers_that_claim().filter(pk=worker.pk).exists():
        return None
    if queue_is_paused():
        return None
    unit = _next_unit(worker, staying_with)
    if unit is None:
        return None
    if unit.state == EvaluationUnit.State.RUNNING:
        record_attempt(unit=unit, outcome=AttemptLog.Outcome.LOST)
    unit.owner = f"{worker.host if worker else socket.gethostname()}:{uuid.uuid4().hex}"
    unit.attempts += 1
    unit.lost_claims += unit.state == EvaluationUnit.State.RUNNING
    unit.worker = worker
    unit.state = EvaluationUnit.State.RUNNING
    EvaluationUnit.objects.filter(pk=unit.pk).update(
        state=unit.state,
        owner=unit.owner,
        attempts=unit.attempts,
        lost_claims=unit.lost_claims,
        worker=worker,
        lease_until=_lease_end(),
        started_at=Now(),
        finished_at=None,
        progress="",
        log="",
    )
    return unit


def _next_unit(worker: Worker | None, staying_with: EvaluationRun | None) -> EvaluationUnit | None:
    """Locked, so that nobody else takes it; who comes at the same moment gets the one after it."""
    units = (
        EvaluationUnit.objects.claimable()
        .fitting(worker)
        .select_related("run__model_meta", "task")
        .select_for_update(skip_locked=True, of=("self",))
        .order_by("run_id", *LONGEST_FIRST)
    )
    turns = turns_to_claim(worker)
    may_stay = staying_with is not None and turns and turns[0].lane <= staying_with.lane
    if may_stay and (unit := units.filter(run=staying_with).first()):
        return unit
    for turn in turns:
        if unit := units.filter(run__lane=turn.lane, run__requested_by=turn.requested_by).first():
            return unit
    return None


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
    predictions: Mapping[str, Any] | None = None,
    log: str = "",
) -> None:
    """Store the result and what was measured as facts and close the unit, all or nothing. Raises ResultRefused."""
    # These bring numpy, which processes that serve pages do without.
    from evaluation.services.publication import provenance, withhold_result
    from leaderboard.services.results import record_result, require_main_scores

    require_main_scores(payload, unit.task)
    run = lock_run(unit.run)
    if not _ours(unit).select_for_update().exists():
        raise ClaimLost
    if run.is_private:
        result: TaskResult | WithheldResult = withhold_result(task=unit.task, payload=payload, measurement=measurement)
    else:
        result = record_result(**provenance(run, unit.task), payload=payload)
        if measurement:
            record_measurement(result=result, run=run.pk, measured=measurement)
    if predictions:
        keep_predictions(result=result, run=run, predictions=predictions)
    record_attempt(unit=unit, outcome=AttemptLog.Outcome.DONE, text=log)
    _ours(unit).update(
        **_released(),
        state=EvaluationUnit.State.DONE,
        **{"withheld_result" if run.is_private else "result": result},
        evaluation_time=result.evaluation_time,
        environment=keep_packages(environment),
        error="",
        failure_class="",
        log=log,
        finished_at=Now(),
    )
    settle_run(run)


@transaction.atomic
def fail_unit(
    *, unit: EvaluationUnit, failure: Failure, environment: dict[str, Any] | None = None, log: str | None = None
) -> None:
    """Try the unit again later where that may help, else close it, and with it the whole run if no task can succeed."""
    run = lock_run(unit.run)
    following = after(failure, _attempt(unit, failure.failure_class))
    outcome: dict[str, Any] = {
        **_released(),
        "error": following.failure.message,
        "failure_class": failure.failure_class.value,
        "environment": keep_packages(environment),
    }
    if log is not None:
        outcome["log"] = log
    if following.again is not None:
        outcome |= {"state": EvaluationUnit.State.QUEUED, "available_at": Now() + following.again}
        if following.needs_memory_mb:
            # What was too much for the smaller worker says nothing of this one: it begins with a whole batch.
            outcome |= {"needs_memory_mb": following.needs_memory_mb, "batch_size": None}
        elif following.batch_size:
            outcome["batch_size"] = following.batch_size
    else:
        outcome |= {"state": EvaluationUnit.State.FAILED, "finished_at": Now()}
    if not _ours(unit).update(**outcome):
        raise ClaimLost
    record_attempt(unit=unit, outcome=AttemptLog.Outcome.FAILED, failure=following.failure, text=log)
    if failure.whole_run and following.needs_memory_mb:
        run.units.filter(state=EvaluationUnit.State.QUEUED).update(needs_memory_mb=following.needs_memory_mb)
    if failure.whole_run and following.again is None:
        run.units.filter(state=EvaluationUnit.State.QUEUED).update(
            state=EvaluationUnit.State.FAILED,
            error=following.failure.message,
            failure_class=failure.failure_class.value,
            finished_at=Now(),
        )
    settle_run(run)


def _attempt(unit: EvaluationUnit, failure_class: FailureClass) -> Attempt:
    memory = unit.worker.memory_mb if unit.worker else None
    larger = workers_alive().filter(memory_mb__gt=memory) if memory is not None else Worker.objects.none()
    return Attempt(
        number=_earlier_failures(unit, failure_class) + 1,
        batch_size=unit.batch_size or django_settings.EVALUATION_BATCH_SIZE,
        memory_mb=memory,
        more_memory_mb=larger.aggregate(most=Max("memory_mb"))["most"],
    )


def _earlier_failures(unit: EvaluationUnit, failure_class: FailureClass) -> int:
    """How often the unit failed in this way since it was last queued by somebody, who gave it all attempts anew."""
    n_before = max(unit.attempts - unit.lost_claims - 1, 0)
    failed = AttemptLog.objects.filter(unit=unit, outcome=AttemptLog.Outcome.FAILED).order_by("-number")
    return list(failed.values_list("failure_class", flat=True)[:n_before]).count(failure_class)


@transaction.atomic
def hand_back_unit(*, unit: EvaluationUnit, reason: str = "") -> None:
    """Queue a unit that the worker cannot go on with; the attempt does not count.

    A worker that stops hands it to the next at once. `reason` says what kept the evaluation from beginning: then others
    come first, so that a unit which cannot begin anywhere does not stand before all of them.
    """
    back = _handed_back()
    if reason:
        back |= {"error": reason, "failure_class": FailureClass.INFRASTRUCTURE, "available_at": Now() + OTHERS_FIRST}
    if _ours(unit).update(**_released(), **back):
        text = f"{reason}\n" if reason else None
        record_attempt(unit=unit, outcome=AttemptLog.Outcome.HANDED_BACK, text=text)


@transaction.atomic
def hand_back_units_of(*, worker: Worker, count_attempt: bool) -> int:
    """Queue whatever the worker still holds. `count_attempt`: its cluster died, perhaps because of them."""
    held = EvaluationUnit.objects.filter(worker=worker, state=EvaluationUnit.State.RUNNING)
    outcome = AttemptLog.Outcome.LOST if count_attempt else AttemptLog.Outcome.HANDED_BACK
    for unit in held.select_for_update(of=("self",)).select_related("worker").order_by("pk"):
        record_attempt(unit=unit, outcome=outcome)
    lost = {"state": EvaluationUnit.State.QUEUED, "available_at": Now(), "lost_claims": F("lost_claims") + 1}
    back = lost if count_attempt else _handed_back()
    return held.update(**_released(), **back)


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
