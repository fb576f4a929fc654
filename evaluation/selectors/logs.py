"""Logs of runs, as somebody follows or reads them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet
from django.db.models.functions import Length, Right

from evaluation.logs.tail import from_a_line
from evaluation.models import AttemptLog, EvaluationRun, EvaluationUnit

TAIL_CHARACTERS = 8 * 1024


@dataclass(frozen=True)
class LiveLog:
    """The end of the log of the task that says most about how a run is doing: the one at work, else the last tried."""

    unit_id: int
    task_name: str
    started_at: datetime
    tail: str
    is_whole: bool
    run_has_ended: bool

    @property
    def attempt(self) -> str:
        """Names the attempt that the log is of: a new one starts the log anew."""
        return f"{self.unit_id}.{int(self.started_at.timestamp() * 1000)}"


def live_log(run_id: int, *, characters: int = TAIL_CHARACTERS) -> LiveLog | None:
    """None while no task of the run was begun. One query, which reads the end of one log."""
    row = (
        _tried_units(run_id)
        .values("pk", "task__name", "started_at", "run__state", size=Length("log"), tail=Right("log", characters))
        .first()
    )
    if row is None or row["started_at"] is None:
        return None
    is_whole = row["size"] <= characters
    return LiveLog(
        unit_id=row["pk"],
        task_name=row["task__name"],
        started_at=row["started_at"],
        tail=row["tail"] if is_whole else from_a_line(row["tail"]),
        is_whole=is_whole,
        run_has_ended=row["run__state"] in EvaluationRun.FINISHED_STATES,
    )


def unit_for_log(run: EvaluationRun) -> EvaluationUnit | None:
    """The same task as `live_log`, with the whole of its log."""
    return _tried_units(run.pk).select_related("task", "run").first()


def _tried_units(run_id: int) -> QuerySet[EvaluationUnit]:
    started = EvaluationUnit.objects.filter(run=run_id, started_at__isnull=False)
    return started.annotate(at_work=Q(state=EvaluationUnit.State.RUNNING)).order_by("-at_work", "-started_at", "-pk")


def attempt_logs(unit: EvaluationUnit) -> QuerySet[AttemptLog]:
    return unit.attempt_logs.order_by("-number")
