"""Watching over one unit in the evaluating process, from the order to the written outcome."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import psutil
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection

from evaluation.failures import Failure, FailureClass, Stage, describe_exit
from evaluation.models import EvaluationUnit, Worker
from evaluation.selectors.turns import next_of_run
from evaluation.services import claims
from evaluation.worker.process import EvaluatingProcess

SUPERVISOR_VARIABLE = "PODIUM_SUPERVISOR"
STARTING = "starting"
LOADING = {STARTING, str(Stage.MODEL), str(Stage.TRIAL)}
WATCH_SECONDS = 0.2
SHORT_LOG = 16 * 1024
LONG_LOG_SECONDS = 4.0
LONGEST_PROGRESS = 200
LONGEST_MESSAGE = 4000
STORING = timedelta(minutes=1)
"""Until a result is being stored, when its unit's row is locked, another of its run may be published first."""

BEAT_SECONDS = 1.0

logger = logging.getLogger("evaluation")


class Draining(Exception):
    """The worker is being stopped."""


class Attendance:
    """Watches over one unit in the evaluating process, from the order to the written outcome."""

    def __init__(self, unit: EvaluationUnit, process: EvaluatingProcess) -> None:
        self._unit = unit
        self._process = process
        self._started = time.monotonic()
        self._deadline = self._started + settings.EVALUATION_TIME_LIMIT_SECONDS
        self._next_beat = 0.0
        self._progress = STARTING
        self._lease_ends = time.monotonic() + settings.EVALUATION_LEASE_SECONDS
        self._next_log = 0.0

    def attend(self) -> bool:
        """Whether the process can take another unit. Draining, if the worker is to stop."""
        logger.info("%s (attempt %d) begins.", self._unit, self._unit.attempts)
        self._process.order(
            _task_of(self._unit),
            batch_size=self._unit.batch_size or settings.EVALUATION_BATCH_SIZE,
            keeps_predictions=self._unit.run.keeps_predictions,
        )
        if following := next_of_run(self._unit.run):
            self._process.announce(_task_of(following))
        try:
            return self._wait()
        except claims.ClaimLost:
            logger.info("%s is no longer ours.", self._unit)
            return False

    def _wait(self) -> bool:
        while True:
            for event in self._process.events(WATCH_SECONDS):
                match event:
                    case {"event": "progress", "progress": str(progress)}:
                        self._progress = progress[:LONGEST_PROGRESS]
                    case {"event": "result", "payload": str(), "environment": dict()}:
                        self._finish(event)
                        return True
                    case _:
                        self._fail(_failure_of(event, self._process.without_secrets), event.get("environment"))
                        return False
            if failure := self._process.beyond_limits() or self._ended() or self._out_of_time():
                self._fail(failure)
                return False
            self._beat()

    def _ended(self) -> Failure | None:
        code = self._process.return_code
        return None if code is None else describe_exit(code)

    def _out_of_time(self) -> Failure | None:
        """Loading has a limit of its own, so that a model that never loads does not hold a worker for a day."""
        if self._progress in LOADING and time.monotonic() > self._started + settings.EVALUATION_LOADING_LIMIT_SECONDS:
            limit = _in_words(settings.EVALUATION_LOADING_LIMIT_SECONDS)
            message = f"The model took longer than {limit} to load and to be tried."
            return Failure(FailureClass.TIME, message, final=True, whole_run=True)
        if time.monotonic() > self._deadline:
            limit = _in_words(settings.EVALUATION_TIME_LIMIT_SECONDS)
            return Failure(FailureClass.TIME, f"The task took longer than the limit of {limit}.", final=True)
        return None

    def _beat(self) -> None:
        """Renew the lease, once a second.

        While the database is away the evaluation goes on until the lease would have run out.
        """
        if time.monotonic() < self._next_beat:
            return
        self._next_beat = time.monotonic() + BEAT_SECONDS
        try:
            claims.heartbeat(unit=self._unit, progress=self._progress, log=self._due_log())
            if _is_draining(self._unit.worker):
                raise Draining
        except (OperationalError, InterfaceError):
            connection.close()
            if time.monotonic() > self._lease_ends:
                raise claims.ClaimLost from None
        else:
            self._lease_ends = time.monotonic() + settings.EVALUATION_LEASE_SECONDS

    def _due_log(self) -> str | None:
        """The log, every second while it is short, then every few: each version of it is written anew."""
        if time.monotonic() < self._next_log:
            return None
        log = self._process.log
        self._next_log = time.monotonic() + (BEAT_SECONDS if len(log) < SHORT_LOG else LONG_LOG_SECONDS)
        return log

    def _finish(self, event: dict[str, Any]) -> None:
        # Whatever stores results brings numpy, which processes that serve pages do without.
        from leaderboard.services.results import ResultRefused

        payload, log = event["payload"].encode(), self._process.log
        self._persist(lambda: claims.heartbeat(unit=self._unit, progress="storing the result", silence=STORING))
        try:
            self._persist(
                lambda: claims.finish_unit(
                    unit=self._unit,
                    payload=payload,
                    environment=event["environment"],
                    measurement=event.get("measurement"),
                    predictions=event.get("predictions"),
                    log=log,
                )
            )
        except (claims.ClaimLost, OperationalError, InterfaceError):
            raise
        except ResultRefused as error:
            message = self._process.without_secrets(str(error))[:LONGEST_MESSAGE]
            self._fail(Failure(FailureClass.MODEL_CODE, message, final=True), event["environment"])
        except Exception as error:
            logger.exception("The result of %s could not be stored.", self._unit)
            message = f"The result could not be stored: {self._process.without_secrets(str(error))}"
            self._fail(Failure(FailureClass.INFRASTRUCTURE, message, final=True), event["environment"])
        else:
            logger.info("%s is done.", self._unit)

    def _fail(self, failure: Failure, environment: dict[str, Any] | None = None) -> None:
        log = self._process.log
        if failure.failure_class is FailureClass.MEMORY and self._progress in LOADING:
            # Whoever killed it does not know what it was at. A smaller batch would load the same model again.
            failure = replace(failure, whole_run=True)
        self._persist(lambda: claims.fail_unit(unit=self._unit, failure=failure, environment=environment, log=log))
        logger.warning("%s failed (%s): %s", self._unit, failure.failure_class, failure.message)

    def _persist(self, write: Callable[[], None]) -> None:
        """Write the outcome, waiting for a database that is away: the work of hours hangs on it."""
        while True:
            try:
                return write()
            except (OperationalError, InterfaceError) as error:
                connection.close()
                if time.monotonic() > self._deadline:
                    raise
                logger.warning("The outcome of %s waits for the database: %s", self._unit, error)
                time.sleep(BEAT_SECONDS)


def _task_of(unit: EvaluationUnit) -> dict[str, Any]:
    """What the evaluating process has to know of the unit's task."""
    return {
        "name": unit.task.name,
        "type": unit.task.type,
        "definition": unit.task.definition,
        "eval_splits": unit.eval_splits,
        "hf_subsets": unit.hf_subsets,
    }


def _failure_of(event: dict[str, Any], without_secrets: Callable[[str], str]) -> Failure:
    match event:
        case {"event": "failure", "failure_class": str(kind), "message": str(message)} if (
            kind in set(FailureClass) and message.strip()
        ):
            return Failure(
                FailureClass(kind),
                without_secrets(message)[:LONGEST_MESSAGE],
                final=bool(event.get("final")),
                whole_run=bool(event.get("whole_run")),
            )
        case _:
            message = "The evaluating process said something that no evaluation says."
            return Failure(FailureClass.MODEL_CODE, message, final=True, whole_run=True)


def _in_words(seconds: int) -> str:
    for size, unit in ((3600, "hour"), (60, "minute")):
        if seconds >= size:
            return f"{seconds / size:g} {unit}{'' if seconds == size else 's'}"
    return f"{seconds} seconds"


def _is_draining(worker: Worker | None) -> bool:
    if is_orphaned():
        return True
    return worker is not None and Worker.objects.filter(pk=worker.pk, draining=True).exists()


def is_orphaned() -> bool:
    """Whether the supervisor of this cluster has died. The cluster is its child and leads a session of its own."""
    supervisor = os.environ.get(SUPERVISOR_VARIABLE)
    if supervisor is None:
        return False
    try:
        return psutil.Process(os.getsid(0)).ppid() != int(supervisor)
    except psutil.NoSuchProcess:
        return True
