"""Background work, as django-q2 calls it. Each job may come twice, late or never; the rows say what is to do."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import psutil
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection

from evaluation.failures import Failure, FailureClass, describe_exit
from evaluation.models import EvaluationRun, EvaluationUnit, Worker
from evaluation.process import EvaluatingProcess
from evaluation.redaction import redact
from evaluation.services import claims, waking, workers

WORKER_VARIABLE = "PODIUM_WORKER"
SUPERVISOR_VARIABLE = "PODIUM_SUPERVISOR"
BEAT_SECONDS = 1.0
LOG_SECONDS = 5.0
STORING = timedelta(minutes=10)
"""A result may have to wait until an import has published its boards."""

logger = logging.getLogger("evaluation")


class Draining(Exception):
    """The worker is being stopped."""


def tick() -> int:
    """Claim and evaluate units until none is left to claim; says how many that were."""
    worker = _answer()
    return 0 if worker and worker.draining else evaluate_claimable(worker)


def answer() -> None:
    """Show the supervisor that its cluster works on jobs."""
    _answer()


def sweep() -> bool:
    """Wake somebody if units wait that nobody was woken for."""
    return waking.wake_if_claimable()


def evaluate_claimable(worker: Worker | None = None) -> int:
    """Units of one run that are claimed in a row share a process, so that the model is loaded once."""
    attended = 0
    with contextlib.closing(Workplace()) as workplace:
        while unit := claims.claim(worker=worker, staying_with=workplace.run_in_turn):
            waking.wake_if_claimable()
            process = workplace.process_for(unit.run)
            try:
                healthy = Attendance(unit, process).attend()
            except Draining:
                claims.hand_back_unit(unit=unit)
                break
            attended += 1
            if not healthy:
                workplace.close()
    return attended


class Workplace:
    """The evaluating process of the run that is at work here, if there is one."""

    def __init__(self) -> None:
        self._process: EvaluatingProcess | None = None
        self._run: EvaluationRun | None = None
        self._began = 0.0

    @property
    def run_in_turn(self) -> EvaluationRun | None:
        """The run to go on with while its turn lasts: others may wait a while, but not for the whole of a long run."""
        return self._run if time.monotonic() - self._began < settings.EVALUATION_TURN_SECONDS else None

    def process_for(self, run: EvaluationRun) -> EvaluatingProcess:
        """The one that has the run's model, or a new one."""
        if self._process is None or self._run is None or self._run.pk != run.pk:
            self.close()
            self._process, self._run, self._began = start_process(run), run, time.monotonic()
        return self._process

    def close(self) -> None:
        if self._process is not None:
            self._process.end()
        self._process = self._run = None


def start_process(run: EvaluationRun) -> EvaluatingProcess:
    model = {
        "name": run.model_meta.name,
        "revision": run.revision,
        "path": run.local_path or None,
        "pinned_by_content": run.pinned_by_content,
        "settings": run.settings,
    }
    return EvaluatingProcess(
        model,
        folder=Path(settings.BASE_DIR),
        hf_home=Path(settings.DATA_DIR) / "hf",
        threads=max((os.cpu_count() or 1) // settings.EVALUATION_WORKERS, 1),
    )


class Attendance:
    """Watches over one unit in the evaluating process, from the order to the written outcome."""

    def __init__(self, unit: EvaluationUnit, process: EvaluatingProcess) -> None:
        self._unit = unit
        self._process = process
        self._deadline = time.monotonic() + settings.EVALUATION_TIME_LIMIT_SECONDS
        self._progress = "starting"
        self._lease_ends = time.monotonic() + settings.EVALUATION_LEASE_SECONDS
        self._next_log = 0.0

    def attend(self) -> bool:
        """Whether the process can take another unit. Draining, if the worker is to stop."""
        logger.info("%s (attempt %d) begins.", self._unit, self._unit.attempts)
        self._process.order(
            {
                "name": self._unit.task.name,
                "definition": self._unit.task.definition,
                "eval_splits": self._unit.eval_splits,
                "hf_subsets": self._unit.hf_subsets,
            },
            batch_size=self._unit.batch_size or settings.EVALUATION_BATCH_SIZE,
        )
        try:
            return self._wait()
        except claims.ClaimLost:
            logger.info("%s is no longer ours.", self._unit)
            return False

    def _wait(self) -> bool:
        while True:
            for event in self._process.events(BEAT_SECONDS):
                if event["event"] == "progress":
                    self._progress = event["progress"]
                elif event["event"] == "result":
                    self._finish(event)
                    return True
                else:
                    self._fail(_failure_of(event), event["environment"])
                    return False
            if (code := self._process.return_code) is not None:
                self._fail(describe_exit(code))
                return False
            if time.monotonic() > self._deadline:
                self._fail(_out_of_time())
                return False
            self._beat()

    def _beat(self) -> None:
        """Renew the lease. While the database is away the evaluation goes on until the lease would have run out."""
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
        """The log, every few seconds: it is long, and each version of it is written anew."""
        if time.monotonic() < self._next_log:
            return None
        self._next_log = time.monotonic() + LOG_SECONDS
        return self._process.log

    def _finish(self, event: dict[str, Any]) -> None:
        payload, log = event["payload"].encode(), self._process.log
        self._persist(lambda: claims.heartbeat(unit=self._unit, progress="storing the result", silence=STORING))
        try:
            self._persist(
                lambda: claims.finish_unit(
                    unit=self._unit,
                    payload=payload,
                    environment=event["environment"],
                    measurement=event.get("measurement"),
                    log=log,
                )
            )
        except (claims.ClaimLost, OperationalError, InterfaceError):
            raise
        except Exception as error:
            logger.exception("The result of %s could not be stored.", self._unit)
            message = f"The result could not be stored: {redact(str(error))}"
            self._fail(Failure(FailureClass.INFRASTRUCTURE, message, final=True), event["environment"])
        else:
            logger.info("%s is done.", self._unit)

    def _fail(self, failure: Failure, environment: dict[str, Any] | None = None) -> None:
        log = self._process.log
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


def _failure_of(event: dict[str, Any]) -> Failure:
    return Failure(
        failure_class=FailureClass(event["failure_class"]),
        message=redact(event["message"]),
        final=event["final"],
        whole_run=event["whole_run"],
    )


def _out_of_time() -> Failure:
    hours = settings.EVALUATION_TIME_LIMIT_SECONDS / 3600
    return Failure(FailureClass.TIME, f"The task took longer than the limit of {hours:g} hours.", final=True)


def _is_draining(worker: Worker | None) -> bool:
    if _is_orphaned():
        return True
    return worker is not None and Worker.objects.filter(pk=worker.pk, draining=True).exists()


def _answer() -> Worker | None:
    """The supervised worker that this process belongs to, if there is one, after a sign of life of its cluster."""
    if _is_orphaned():
        logger.warning("The supervisor is gone: this cluster ends.")
        os.killpg(os.getpgid(0), signal.SIGKILL)
    if WORKER_VARIABLE not in os.environ:
        return None
    worker_id = int(os.environ[WORKER_VARIABLE])
    workers.worker_answered(worker_id=worker_id)
    return Worker.objects.filter(pk=worker_id).first()


def _is_orphaned() -> bool:
    """Whether the supervisor of this cluster has died. The cluster is its child and leads a session of its own."""
    supervisor = os.environ.get(SUPERVISOR_VARIABLE)
    if supervisor is None:
        return False
    try:
        return psutil.Process(os.getsid(0)).ppid() != int(supervisor)
    except psutil.NoSuchProcess:
        return True
