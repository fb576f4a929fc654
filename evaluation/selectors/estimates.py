"""How long evaluations will take, from what was measured here before. Nothing measured means not known.

A task takes a model as long as it took that model before. Else it takes as long as it took the model of the nearest
size, scaled by the sizes: the time of large models grows with their parameters, that of small ones with everything
around them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import log
from statistics import median

from django.conf import settings
from django.db.models import F, Subquery, Window
from django.db.models.functions import RowNumber

from evaluation.models import EvaluationUnit
from leaderboard.models import ModelMeta, Task

FIXED_PARAMETERS = 20_000_000
"""A model without any parameter would take as long as this many: tokenising, loading data and scoring."""
REMEMBERED = 20
"""Evaluations of a task that are looked at, the newest first."""
RECENT_UNITS = 50_000
"""Only so many units back: a board that has evaluated for years estimates no slower than a young one."""


@dataclass(frozen=True)
class Estimate:
    """`seconds` and `cost` are of the tasks that are known; `n_unknown` tasks were never measured here."""

    n_tasks: int
    n_unknown: int
    seconds: float | None
    cost: float | None

    @property
    def is_partial(self) -> bool:
        return 0 < self.n_unknown < self.n_tasks


@dataclass(frozen=True)
class _Took:
    model_id: int
    n_parameters: int | None
    seconds: float


def estimated_seconds(task: Task, model: ModelMeta | int | None) -> float | None:
    """Seconds that a task takes a model, or one of so many parameters; None where that is not known yet."""
    return seconds_by_task([task], model)[task.pk]


def seconds_by_task(tasks: Iterable[Task], model: ModelMeta | int | None) -> dict[int, float | None]:
    """Task -> the seconds that it takes the model, or one of so many parameters; None where that is not known yet."""
    ids = [task.pk for task in tasks]
    measured = measured_times(ids)
    return {task_id: measured.seconds(task_id, model) for task_id in ids}


def estimate(tasks: Iterable[Task], model: ModelMeta | int | None) -> Estimate:
    """Time and cost of evaluating the tasks one after the other."""
    seconds = list(seconds_by_task(tasks, model).values())
    known = [one for one in seconds if one is not None]
    total = sum(known) if known else None
    per_hour = settings.COST_PER_HOUR
    return Estimate(
        n_tasks=len(seconds),
        n_unknown=len(seconds) - len(known),
        seconds=total,
        cost=None if total is None or per_hour is None else total / 3600 * per_hour,
    )


@dataclass(frozen=True)
class MeasuredTimes:
    """What some tasks took here."""

    took: Mapping[int, list[_Took]]

    def seconds(self, task_id: int, model: ModelMeta | int | None) -> float | None:
        return _seconds(self.took.get(task_id, []), model)


def measured_times(task_ids: Iterable[int]) -> MeasuredTimes:
    """The newest whole evaluations of each task, of models run without settings of their own, in one query.

    An estimate is for everybody, so private runs, of which strangers must not learn, do not count.
    """
    newest = EvaluationUnit.objects.order_by("-pk").values("pk")[:1]
    newest_first = Window(
        RowNumber(), partition_by=F("task"), order_by=[F("finished_at").desc(nulls_last=True), F("pk").desc()]
    )
    rows = (
        EvaluationUnit.objects.filter(task__in=list(task_ids), pk__gt=Subquery(newest) - RECENT_UNITS)
        .filter(state=EvaluationUnit.State.DONE, evaluation_time__gt=0, run__settings={}, run__is_private=False)
        .filter(eval_splits=None, hf_subsets=None)
        .annotate(place=newest_first)
        .filter(place__lte=REMEMBERED)
        .order_by("task_id", "place")
        .values_list("task_id", "run__model_meta_id", "run__model_meta__n_parameters", "evaluation_time")
    )
    took: dict[int, list[_Took]] = defaultdict(list)
    for task_id, model_id, n_parameters, seconds in rows.iterator():
        took[task_id].append(_Took(model_id, n_parameters, seconds or 0.0))
    return MeasuredTimes(took)


def _seconds(took: list[_Took], model: ModelMeta | int | None) -> float | None:
    if not took:
        return None
    if isinstance(model, ModelMeta):
        own = [one.seconds for one in took if one.model_id == model.pk]
        if own:
            return own[0]
        model = model.n_parameters
    if model is None:
        return median(one.seconds for one in took)
    sized = [(one.seconds, one.n_parameters) for one in took if one.n_parameters]
    if not sized:
        return median(one.seconds for one in took)
    effort = model + FIXED_PARAMETERS
    seconds, n_parameters = min(sized, key=lambda one: abs(log((one[1] + FIXED_PARAMETERS) / effort)))
    return seconds * effort / (n_parameters + FIXED_PARAMETERS)
