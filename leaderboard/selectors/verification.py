"""How far results and models are verified, and which of them somebody doubts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from django.db.models import Count, OuterRef, QuerySet, Subquery

from leaderboard.memory import Kept
from leaderboard.models import Comparison, ModelMeta, ResultFlag, SourceKind, TaskResult, TaskTolerance
from leaderboard.selectors.versions import data_version
from leaderboard.verification import DEFAULT_TOLERANCE, Level, Reruns

# Model and variant, as rows of boards name them.
Entrant = tuple[int, str]

_kept: Kept[dict[Entrant, Level]] = Kept(1)


def levels_by_reruns() -> dict[Entrant, Level]:
    """What reruns say of models; only those with enough of them. Few models have any, so this is small."""
    return _kept.get(data_version(), _load)


def _load() -> dict[Entrant, Level]:
    agreed: Counter[Entrant] = Counter()
    disagreed: Counter[Entrant] = Counter()
    for comparison in latest_comparisons():
        variant = comparison.reported.variant
        counter = agreed if comparison.agrees else disagreed
        counter[variant.model_meta_id, variant.experiment_id] += 1
    reported = _n_reported({model_id for model_id, _ in agreed | disagreed})
    levels = {
        entrant: Reruns(agreed[entrant], disagreed[entrant], reported.get(entrant, 0)).level
        for entrant in agreed | disagreed
    }
    return {entrant: level for entrant, level in levels.items() if level is not None}


def latest_comparisons() -> QuerySet[Comparison]:
    """For each model variant and task, the newest run that counts beside the newest result that somebody reported."""
    return (
        Comparison.objects.filter(rerun__current__all_part__isnull=False)
        .select_related("reported__variant", "reported__task", "rerun")
        .defer("reported__payload", "rerun__payload")
        .order_by("reported__variant_id", "reported__task_id", "-rerun_id", "-reported_id")
        .distinct("reported__variant_id", "reported__task_id")
    )


def _n_reported(model_ids: Iterable[int]) -> dict[Entrant, int]:
    rows = (
        TaskResult.objects.exclude(source__kind=SourceKind.RUN)
        .filter(variant__model_meta__in=list(model_ids))
        .values_list("variant__model_meta_id", "variant__experiment_id")
        .annotate(n=Count("task", distinct=True))
        .order_by()
    )
    return {(model_id, experiment_id): n for model_id, experiment_id, n in rows}


def own_rerun_agrees(result: str = "pk") -> Subquery:
    """For queries of results: whether the newest rerun of each agrees, NULL without one."""
    reruns = Comparison.objects.filter(reported=OuterRef(result)).order_by("-rerun_id")
    return Subquery(reruns.values("agrees")[:1])


def comparisons_of(results: Iterable[TaskResult]) -> dict[int, Comparison]:
    """Reported result -> its newest rerun."""
    found = Comparison.objects.filter(reported__in=[result.pk for result in results]).order_by("rerun_id")
    return {comparison.reported_id: comparison for comparison in found}


def tolerance_of(task_id: int) -> float:
    """How far two runs of the task may lie apart."""
    own = TaskTolerance.objects.filter(task=task_id).values_list("tolerance", flat=True).first()
    return DEFAULT_TOLERANCE if own is None else own


def open_flags(model_meta: ModelMeta) -> dict[int, ResultFlag]:
    """Result -> the first open flag on it."""
    flags = ResultFlag.objects.filter(
        state=ResultFlag.State.OPEN, result__model_revision__model_meta=model_meta
    ).select_related("result__task")
    return {flag.result_id: flag for flag in flags.defer("result__payload").order_by("-pk")}
