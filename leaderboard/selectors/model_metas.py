"""What a model page asks: where the model stands on each board, and its results."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, OuterRef, QuerySet, Subquery

from leaderboard.models import BoardRow, CurrentResult, ModelMeta, ModelRevision, Scope, TaskResult
from leaderboard.selectors import boards
from leaderboard.selectors.results import CurrentScore, current_scores


@dataclass(frozen=True)
class ModelScore:
    """A result of the model on a task; `n_results` says how many there are to choose from."""

    current: CurrentScore
    contaminated: bool
    n_results: int


def standings(model_meta: ModelMeta, scope: Scope) -> QuerySet[BoardRow]:
    """The model's rows on all boards, each with `n_rows`, the number of rows there."""
    n_rows = (
        BoardRow.objects.filter(board=OuterRef("board"), position__isnull=False)
        .order_by()
        .values("board")
        .annotate(n=Count("pk"))
        .values("n")
    )
    return (
        BoardRow.objects.filter(model_meta=model_meta, board__scope=scope, position__isnull=False)
        .select_related("board__benchmark")
        .only(
            "rank",
            "experiment_id",
            *boards.ALL_MEANS,
            "n_done",
            "board__n_declared_tasks",
            "board__benchmark__name",
            "board__benchmark__display_name",
            "board__benchmark__slug",
            "board__benchmark__aggregations",
        )
        .annotate(n_rows=Subquery(n_rows))
        .order_by(F("board__benchmark__menu_position").asc(nulls_last=True), "board__benchmark__name", "position")
    )


def model_scores(model_meta: ModelMeta, scope: Scope) -> list[ModelScore]:
    """By task type, then task."""
    scores = current_scores(CurrentResult.objects.filter(variant__model_meta=model_meta), scope)
    contaminated = set(model_meta.contaminated_tasks or [])
    n_results = _results_per_task(model_meta)
    return [
        ModelScore(
            current=score,
            contaminated=score.task_name in contaminated,
            n_results=n_results.get(score.task_name, 1),
        )
        for score in sorted(scores, key=lambda score: (score.task_type, score.task_name.lower()))
    ]


def _results_per_task(model_meta: ModelMeta) -> dict[str, int]:
    rows: Any = (
        TaskResult.objects.filter(model_revision__model_meta=model_meta)
        .values_list("task__name")
        .annotate(n=Count("pk"))
        .order_by()
    )
    return dict(rows)


def revisions_of(model_meta: ModelMeta) -> QuerySet[ModelRevision]:
    """With `n_results` each, those with results first."""
    revisions = ModelRevision.objects.filter(model_meta=model_meta).annotate(n_results=Count("results"))
    return revisions.order_by("-n_results", "name")
