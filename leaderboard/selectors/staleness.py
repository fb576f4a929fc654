"""Which results are stale and why, and what came of evaluating them again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet

from leaderboard.cell_means import mean_in_order
from leaderboard.models import (
    CurrentResult,
    ResultChoice,
    SourceKind,
    StaleResult,
    StaleRule,
    Task,
    TaskResult,
)
from leaderboard.staleness import VersionRange, version_range

TOLERANCE = 0.001
"""Scores that differ by less are taken as equal, as mteb's intake does."""

MOST_IN_FULL = 500


def stale_reasons(result_ids: Collection[int]) -> dict[int, list[StaleRule]]:
    """Result -> the rules that hit it; results that no rule hits are left out."""
    reasons: dict[int, list[StaleRule]] = defaultdict(list)
    hits = StaleResult.objects.filter(result__in=result_ids).select_related("rule").order_by("rule_id")
    for hit in hits:
        reasons[hit.result_id].append(hit.rule)
    return dict(reasons)


def wrong_versions(tasks: Iterable[Task]) -> dict[int, list[tuple[VersionRange, str]]]:
    """Task -> versions of mteb that rules call wrong on it, each with the reason."""
    rules = StaleRule.objects.filter(is_active=True, kind=StaleRule.Kind.MTEB_VERSIONS).prefetch_related("tasks")
    wrong: dict[int, list[tuple[VersionRange, str]]] = {task.pk: [] for task in tasks}
    for rule in rules:
        about = {task.pk for task in rule.tasks.all()} or set(wrong)
        for task_id in about & set(wrong):
            wrong[task_id].append((version_range(rule.first_version, rule.last_version), rule.reason))
    return wrong


def stale_tasks(
    task_names: Collection[str], model_ids: Iterable[int], scope: str
) -> dict[tuple[int, str], dict[str, str]]:
    """(model, experiment id) -> task -> why the result that counts there is stale."""
    found: dict[tuple[int, str], dict[str, str]] = defaultdict(dict)
    hits = (
        StaleResult.objects.filter(
            result__current__in=CurrentResult.objects.in_scope(scope).filter(variant__model_meta__in=list(model_ids)),
            result__task__name__in=task_names,
        )
        .order_by("rule_id")
        .values_list(
            "result__variant__model_meta_id", "result__variant__experiment_id", "result__task__name", "rule__reason"
        )
    )
    for model_id, experiment_id, task_name, reason in hits:
        found[model_id, experiment_id].setdefault(task_name, reason)
    return dict(found)


def rules_with_counts() -> QuerySet[StaleRule]:
    """Each rule with `n_stale` results and `n_current` of them that count among all results."""
    return StaleRule.objects.prefetch_related("tasks").annotate(
        n_stale=Count("hits"), n_current=Count("hits", filter=Q(hits__result__current__all_part__isnull=False))
    )


def rules_of_task(task: Task) -> list[StaleRule]:
    """The rules that hit a result of the task, with `n_stale` and `n_current` of the task's results."""
    of_task = Q(hits__result__task=task)
    rules = StaleRule.objects.filter(of_task).annotate(
        n_stale=Count("hits", filter=of_task),
        n_current=Count("hits", filter=of_task & Q(hits__result__current__all_part__isnull=False)),
    )
    return list(rules.order_by("-pk"))


def choice_of(model_id: int, task: Task) -> dict[int, ResultChoice]:
    """Result -> the rollback that holds for it; of any variant of the model."""
    holding = ResultChoice.objects.filter(variant__model_meta=model_id, task=task, undone_at=None)
    return {choice.result_id: choice for choice in holding.select_related("by")}


@dataclass(frozen=True)
class Reevaluation:
    """A stale result and the newest one of this board's own that was stored after it and that the rule does not hit.

    `difference` is None where there is no such result or one of them has no score.
    """

    stale: TaskResult
    before: float | None
    fresh: TaskResult | None = None
    after: float | None = None

    @property
    def difference(self) -> float | None:
        return None if self.before is None or self.after is None else self.after - self.before

    @property
    def moved(self) -> bool:
        return self.difference is not None and abs(self.difference) > TOLERANCE


def reevaluations(rule: StaleRule, limit: int = MOST_IN_FULL) -> list[Reevaluation]:
    """The results that a rule hits, those that count first, with what came after them."""
    stale = list(
        _with_names(TaskResult.objects.filter(stale_by__rule=rule))
        .annotate(counts=Count("current", filter=Q(current__all_part__isnull=False)))
        .order_by("-counts", "task__name", "model_revision__model_meta__name", "-pk")[:limit]
    )
    fresh = _fresh(rule, stale)
    found = []
    for result in stale:
        newer = next((one for one in fresh[result.task_id, result.variant_id] if one.pk > result.pk), None)
        after = result_score(newer) if newer else None
        found.append(Reevaluation(result, result_score(result), newer, after))
    return found


def _fresh(rule: StaleRule, stale: Iterable[TaskResult]) -> dict[tuple[int, int], list[TaskResult]]:
    """(task, variant) -> runs of this board that the rule does not hit, the newest first."""
    pairs = {(result.task_id, result.variant_id) for result in stale}
    runs = _with_names(
        TaskResult.objects.filter(
            task__in={task for task, _ in pairs},
            variant__in={variant for _, variant in pairs},
            source__kind=SourceKind.RUN,
        ).exclude(stale_by__rule=rule)
    )
    fresh: dict[tuple[int, int], list[TaskResult]] = defaultdict(list)
    for result in runs.order_by("-pk"):
        fresh[result.task_id, result.variant_id].append(result)
    return fresh


def _with_names(results: QuerySet[TaskResult]) -> QuerySet[TaskResult]:
    return results.select_related("task", "model_revision__model_meta", "variant", "source", "cell_set").defer(
        "payload"
    )


def result_score(result: TaskResult) -> float | None:
    """The mean of the cells that the task declares, in the order of the file."""
    cells = result.cell_set
    declared = result.task.declared(zip(cells.splits, cells.subsets, strict=True))
    return mean_in_order(
        [
            score
            for cell, score in zip(declared, result.main_scores, strict=True)
            if cell is not None and score is not None
        ]
    )
