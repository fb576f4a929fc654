"""Where the numbers of a board's row come from: each task's score with the result behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count

from leaderboard.board_query import BoardQuery
from leaderboard.models import Board, BoardRow, CurrentResult, ModelMeta, ResultFlag, Task, TaskResult
from leaderboard.selectors.boards import entrant
from leaderboard.selectors.declined_tasks import declined_tasks
from leaderboard.selectors.staleness import stale_tasks
from leaderboard.selectors.standings import board_standings
from leaderboard.selectors.verification import levels_by_reruns, open_flags, own_rerun_agrees
from leaderboard.verification import Level, result_level


@dataclass(frozen=True)
class TaskOrigin:
    """A task of a board in a row of it; provenance is that of the leading result, None where the task was not run.

    `score` is None where the board blanks the task, `by_metric` also where the metric asked for does not rank it.
    `n_results` counts every stored result of the model on the task, `declined` is why the model is not to be run on it,
    `stale` what a rule says against the result.
    """

    task_name: str
    task_type: str
    score: float | None
    result_id: int | None = None
    model_revision: str = ""
    dataset_revision: str | None = None
    mteb_version: str | None = None
    date: datetime | None = None
    origin: str = ""
    n_parts: int = 0
    n_results: int = 0
    by_metric: float | None = None
    declined: str = ""
    level: Level = Level.REPORTED
    flag: ResultFlag | None = None
    stale: str = ""


_FIELDS = (
    "task__name",
    "result_id",
    "result__model_revision__name",
    "result__dataset_revision",
    "result__mteb_version",
    "result__date",
    "result__source__kind",
    own_rerun_agrees("result_id"),
)


def row_origins(board: Board, model_meta: ModelMeta, experiment_id: str, metric: str = "") -> list[TaskOrigin]:
    """Every task of the board in its order; empty where the variant is not on the board. Raises UnusableMetric."""
    row = BoardRow.objects.filter(board=board, model_meta=model_meta, experiment_id=experiment_id).first()
    if row is None:
        return []
    tasks = Task.objects.filter(name__in=board.task_names)
    types = dict(tasks.values_list("name", "type"))
    leading = _leading_results(board, model_meta, experiment_id)
    n_results = dict(
        TaskResult.objects.filter(task__in=tasks, model_revision__model_meta=model_meta)
        .values_list("task__name")
        .annotate(n=Count("pk"))
        .order_by()
    )
    scores = row.task_scores or [None] * len(board.task_names)
    declined = declined_tasks([model_meta.pk]).get(model_meta.pk, {})
    stale = stale_tasks(board.task_names, [model_meta.pk], board.scope).get((model_meta.pk, experiment_id), {})
    by_metric = _by_metric(board, entrant(model_meta.name, experiment_id), metric) if metric else {}
    return [
        TaskOrigin(
            name,
            types.get(name, ""),
            score,
            n_results=n_results.get(name, 0),
            by_metric=by_metric.get(name),
            declined=declined.get(name, ""),
            stale=stale.get(name, ""),
            **leading.get(name, {}),
        )
        for name, score in zip(board.task_names, scores, strict=True)
    ]


def _by_metric(board: Board, name: str, metric: str) -> dict[str, float | None]:
    """Task name -> the score of a row by a metric."""
    found = board_standings(board, BoardQuery(metric=metric))
    if found is None or name not in found.entrants:
        return {}
    (record,) = found.records([found.entrants.index(name)])
    return dict(zip(found.head.task_names, record.task_scores, strict=True))


def _leading_results(board: Board, model_meta: ModelMeta, experiment_id: str) -> Mapping[str, dict[str, Any]]:
    """Task name -> the provenance of the result that counts first, and how many merge with it."""
    part = f"{board.scope}_part"
    rows = (
        CurrentResult.objects.in_scope(board.scope)
        .filter(task__name__in=board.task_names, variant__model_meta=model_meta, variant__experiment_id=experiment_id)
        .order_by("task__name", part)
        .values_list(*_FIELDS)
    )
    of_model, flags = levels_by_reruns().get((model_meta.pk, experiment_id)), open_flags(model_meta)
    leading: dict[str, dict[str, Any]] = {}
    for task_name, result_id, model_revision, dataset_revision, mteb_version, date, origin, agrees in rows:
        known = leading.setdefault(
            task_name,
            {
                "result_id": result_id,
                "model_revision": model_revision,
                "dataset_revision": dataset_revision,
                "mteb_version": mteb_version,
                "date": date,
                "origin": origin,
                "level": result_level(origin, agrees=agrees, of_model=of_model),
                "flag": flags.get(result_id),
                "n_parts": 0,
            },
        )
        known["n_parts"] += 1
    return leading
