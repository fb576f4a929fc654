"""How runs are doing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, QuerySet

from evaluation.models import Credential, EvaluationRun, EvaluationUnit


@dataclass(frozen=True)
class RunProgress:
    queued: int
    running: int
    done: int
    failed: int
    cancelled: int

    @property
    def total(self) -> int:
        return self.queued + self.running + self.done + self.failed + self.cancelled

    @property
    def finished(self) -> int:
        return self.done + self.failed + self.cancelled

    @property
    def percent(self) -> int:
        return 100 * self.finished // self.total if self.total else 0


def run_progress(run: EvaluationRun) -> RunProgress:
    """How many units of the run are in which state."""
    states = [state.value for state in EvaluationUnit.State]
    counts = run.units.aggregate(**{state: Count("pk", filter=Q(state=state)) for state in states})
    return RunProgress(**counts)


def queue_place(run: EvaluationRun) -> int | None:
    """1 for the run that is next or at work; None once it is finished."""
    if run.is_finished:
        return None
    ahead = unfinished_runs().filter(Q(lane__gt=run.lane) | Q(lane=run.lane, pk__lt=run.pk))
    return ahead.count() + 1


def token_is_gone(run: EvaluationRun) -> bool:
    """Whether nothing of the run can be tried again, because nothing opens its model any more."""
    return run.is_closed and not Credential.objects.filter(run=run).exists()


def unfinished_runs() -> QuerySet[EvaluationRun]:
    """Runs in the order in which workers take them."""
    unfinished = [EvaluationRun.State.QUEUED, EvaluationRun.State.RUNNING]
    return EvaluationRun.objects.filter(state__in=unfinished).order_by("-lane", "pk")


def runs_with_progress(runs: QuerySet[EvaluationRun]) -> QuerySet[EvaluationRun]:
    """Each run with `n_units`, `n_finished` and `n_failed`, in one query with its model."""
    finished = [EvaluationUnit.State.DONE, EvaluationUnit.State.FAILED, EvaluationUnit.State.CANCELLED]
    return runs.select_related("model_meta").annotate(
        n_units=Count("units"),
        n_finished=Count("units", filter=Q(units__state__in=finished)),
        n_failed=Count("units", filter=Q(units__state=EvaluationUnit.State.FAILED)),
    )


def recent_runs(limit: int = 20) -> QuerySet[EvaluationRun]:
    """The runs that finished last, without private ones."""
    finished = EvaluationRun.objects.filter(state__in=EvaluationRun.FINISHED_STATES, is_private=False)
    return runs_with_progress(finished.order_by("-finished_at"))[:limit]


def run_units(run: EvaluationRun) -> list[EvaluationUnit]:
    """The run's units with task and result, without the logs (they are long)."""
    units = run.units.select_related("task", "result__cell_set", "withheld_result")
    units = units.defer("log", "result__payload", "withheld_result__payload")
    return list(units.order_by("pk"))


def names_on_hub_in_use() -> set[str]:
    """Models and datasets of runs that have not ended."""
    units = EvaluationUnit.objects.unfinished()
    models = units.order_by().values_list("run__model_meta__name", flat=True)
    return {*models.distinct(), *units.order_by().values_list("task__dataset_path", flat=True).distinct()}


def definitions_of_tasks(run: EvaluationRun) -> list[dict[str, Any]]:
    """Those of the run's custom tasks."""
    definitions = run.units.order_by("pk").values_list("task__definition", flat=True)
    return [definition for definition in definitions if definition is not None]
