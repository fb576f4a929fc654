"""All that a page says of a run, for whoever looks at it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import Count

from evaluation.models import EvaluationRun, EvaluationUnit
from evaluation.permissions import may_cancel, may_retry, may_see_log
from evaluation.selectors.finish_times import FinishTime, finish_time
from evaluation.selectors.logs import unit_for_log
from evaluation.selectors.reproduction import may_see_predictions, units_with_predictions
from evaluation.selectors.run_differences import runs_to_compare
from evaluation.selectors.runs import RunProgress, queue_place, run_progress, run_units, token_is_gone
from evaluation.selectors.scores import unit_score
from evaluation.selectors.signs import Signs, signs_of
from leaderboard.models import Scope, TaskRow


@dataclass(frozen=True)
class UnitRow:
    """A task of a run. `percent` is its score as people read it, `rank` its place among `n_ranked` where it has one.

    `has_predictions` only where the visitor may read them.
    """

    unit: EvaluationUnit
    percent: float | None
    rank: int | None
    n_ranked: int | None
    n_logs: int
    has_predictions: bool


@dataclass(frozen=True)
class RunStatus:
    """`log_unit` is the task whose log is shown; None where there is no log yet, or none for this visitor.

    `can_be_compared` once the run has a result and the visitor may see another run of the model that has one.
    """

    run: EvaluationRun
    progress: RunProgress
    place: int | None
    finish: FinishTime | None
    signs: Signs | None
    rows: list[UnitRow]
    log_unit: EvaluationUnit | None
    may_see_log: bool
    may_cancel: bool
    may_retry: bool
    token_is_gone: bool
    can_be_compared: bool


def run_status(run: EvaluationRun, user: User | AnonymousUser) -> RunStatus:
    progress, sees_log = run_progress(run), may_see_log(user, run)
    return RunStatus(
        run=run,
        progress=progress,
        place=queue_place(run),
        finish=finish_time(run),
        signs=signs_of(run),
        rows=_rows(run, sees_predictions=may_see_predictions(user, run)),
        log_unit=unit_for_log(run) if sees_log else None,
        may_see_log=sees_log,
        may_cancel=not run.is_finished and may_cancel(user, run),
        may_retry=bool(progress.failed + progress.cancelled) and may_retry(user, run),
        token_is_gone=token_is_gone(run),
        can_be_compared=bool(progress.done) and bool(runs_to_compare(run, user, limit=1)),
    )


def _rows(run: EvaluationRun, *, sees_predictions: bool) -> list[UnitRow]:
    units = run_units(run)
    places = _places([unit.result_id for unit in units if unit.result_id])
    n_logs = dict(run.units.order_by().values_list("pk").annotate(Count("attempt_logs")))
    kept = units_with_predictions(units) if sees_predictions and run.keeps_predictions else set()
    return [
        UnitRow(
            unit,
            _percent(unit),
            *places.get(unit.result_id or 0, (None, None)),
            n_logs=n_logs.get(unit.pk, 0),
            has_predictions=unit.pk in kept,
        )
        for unit in units
    ]


def _places(result_ids: Sequence[int]) -> dict[int, tuple[int | None, int | None]]:
    """Rank and number of ranked models of the results that count, by the result's id."""
    rows = TaskRow.objects.in_scope(Scope.ALL).filter(result__in=result_ids, rank__isnull=False)
    return {result_id: (rank, n_ranked) for result_id, rank, n_ranked in rows.values_list("result", "rank", "n_ranked")}


def _percent(unit: EvaluationUnit) -> float | None:
    score = unit_score(unit)
    return None if score is None else 100 * score
