"""Background work, as django-q2 calls it. Each job may come twice, late or never; the rows say what is to do."""

from __future__ import annotations

import contextlib
import logging
import os
import signal

from django.conf import settings
from django.db import InterfaceError, OperationalError

from evaluation.encryption import CannotDecrypt
from evaluation.failures import MESSAGE_LIMIT, Failure, FailureClass
from evaluation.logs.redaction import redact
from evaluation.models import EvaluationUnit, Worker
from evaluation.services import claims, drift, predictions, retention, waking, workers
from evaluation.worker.attendance import Attendance, Draining, is_orphaned
from evaluation.worker.disk import lack_of_room
from evaluation.worker.workplace import CannotStart, Workplace, folders_that_fill

WORKER_VARIABLE = "PODIUM_WORKER"

logger = logging.getLogger("evaluation")


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


def find_drift() -> int:
    """Compare results with what they were made from."""
    return drift.find_drift()


def expire_predictions() -> int:
    return predictions.delete_old_predictions()


def delete_what_is_old() -> int:
    return retention.delete_what_is_old()


def evaluate_claimable(worker: Worker | None = None) -> int:
    """Units of one run that are claimed in a row share a process, so that the model is loaded once."""
    attended = 0
    with contextlib.closing(Workplace(worker)) as workplace:
        while unit := _claim(worker, workplace):
            waking.wake_if_claimable()
            try:
                healthy = _attend(unit, workplace)
            except Draining:
                claims.hand_back_unit(unit=unit)
                break
            except CannotStart as error:
                logger.exception("%s waits.", unit)
                claims.hand_back_unit(unit=unit, reason=str(error))
                if worker is not None:
                    workers.rest_worker(worker=worker, reason=str(error))
                break
            attended += 1
            if not healthy:
                workplace.close()
    return attended


def _claim(worker: Worker | None, workplace: Workplace) -> EvaluationUnit | None:
    """None also while a disk is too full to begin anything: then the worker rests and says so."""
    if reason := lack_of_room(folders_that_fill(), settings.EVALUATION_FREE_DISK_MB):
        logger.warning("Nothing is claimed. %s", reason)
        if worker is not None:
            workers.rest_worker(worker=worker, reason=reason)
        return None
    return claims.claim(worker=worker, staying_with=workplace.run_in_turn)


def _attend(unit: EvaluationUnit, workplace: Workplace) -> bool:
    """Whether the process can take another unit. No fault of one unit may end the worker: the next would follow."""
    try:
        return Attendance(unit, workplace.process_for(unit.run)).attend()
    except (Draining, CannotStart, OperationalError, InterfaceError):
        raise
    except CannotDecrypt as error:
        failure = Failure(
            FailureClass.INFRASTRUCTURE,
            f"{error} So this board cannot open the model any more: submit it again with the token.",
            final=True,
            whole_run=True,
        )
    except Exception as error:
        logger.exception("%s could not be attended to.", unit)
        failure = Failure(
            FailureClass.INFRASTRUCTURE,
            f"The worker could not attend to this task ({type(error).__name__}: {redact(str(error))[:MESSAGE_LIMIT]}).",
        )
    with contextlib.suppress(claims.ClaimLost):
        claims.fail_unit(unit=unit, failure=failure)
    return False


def _answer() -> Worker | None:
    """The supervised worker that this process belongs to, if there is one, after a sign of life of its cluster."""
    if is_orphaned():
        logger.warning("The supervisor is gone: this cluster ends.")
        os.killpg(os.getpgid(0), signal.SIGKILL)
    if WORKER_VARIABLE not in os.environ:
        return None
    worker_id = int(os.environ[WORKER_VARIABLE])
    workers.worker_answered(worker_id=worker_id)
    return Worker.objects.filter(pk=worker_id).first()
