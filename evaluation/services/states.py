"""A run's state follows from its units. Where a run and its units are both locked, the run comes first."""

from __future__ import annotations

from django.db.models.functions import Now

from evaluation.models import Credential, EvaluationRun, EvaluationUnit
from evaluation.services.endings import tell_of_end


def lock_run(run: EvaluationRun) -> EvaluationRun:
    return EvaluationRun.objects.select_for_update(of=("self",)).select_related("model_meta").get(pk=run.pk)


def settle_run(run: EvaluationRun) -> None:
    """Give the run the state that follows from its units, and drop its token at the end.

    The caller holds the run's lock and read it so.
    """
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
    if finished:
        Credential.objects.filter(run=run).delete()
    if finished and settled != run.state:
        run.state = settled
        tell_of_end(run)
