"""The log of every attempt, kept when the attempt ends."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Max
from django.db.models.functions import Now

from evaluation.failures import Failure
from evaluation.logs.redaction import last_lines
from evaluation.models import AttemptLog, EvaluationUnit


@transaction.atomic
def record_attempt(
    *, unit: EvaluationUnit, outcome: AttemptLog.Outcome, failure: Failure | None = None, text: str | None = None
) -> AttemptLog:
    """Keep what an attempt said and how it ended, in the transaction that ends it.

    `unit` is the unit as it was claimed: with its worker or owner. `text` has no secrets any more; None takes the log
    that the last heartbeat left. The caller holds the claim, so nobody else writes an attempt of this unit.
    """
    row = EvaluationUnit.objects.filter(pk=unit.pk).values("started_at", "log").get()
    last = AttemptLog.objects.filter(unit=unit).aggregate(number=Max("number"))["number"] or 0
    return AttemptLog.objects.create(
        unit=unit,
        number=last + 1,
        worker_host=unit.worker.host if unit.worker else unit.owner.rpartition(":")[0],
        started_at=row["started_at"] or Now(),
        ended_at=Now(),
        outcome=outcome,
        failure_class=failure.failure_class.value if failure else "",
        error=failure.message if failure else "",
        text=last_lines(row["log"] if text is None else text),
    )
