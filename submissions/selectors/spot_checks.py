"""Which reported results a spot check may repeat, and what came of those that were made."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta

from django.db.models import F, Q, QuerySet
from django.utils import timezone

from evaluation.models import EvaluationRun
from leaderboard.models import BoardRow, Comparison, CurrentResult, Origin, Scope, SourceKind, TaskResult
from submissions.models import SpotCheckRule

COMMIT = r"^[0-9a-f]{40}$"


def repeatable_results() -> QuerySet[TaskResult]:
    """Results that count, were reported by others, and can be run here: at a commit, on the data as they are now.

    What was rerun, is being rerun, has settings of its own, or was opened by a token is left out.
    """
    can_run = Q(task__origin=Origin.CUSTOM) | Q(
        task__origin=Origin.REGISTRY, task__in_registry=True, task__is_public=True, task__is_aggregate=False
    )
    current = CurrentResult.objects.in_scope(Scope.ALL).exclude(result__source__kind=SourceKind.RUN)
    return (
        TaskResult.objects.filter(can_run, pk__in=current.values("pk"), variant__experiment_name="")
        .filter(model_revision__name__regex=COMMIT, dataset_revision=F("task__dataset_revision"))
        .exclude(model_revision__model_meta__open_weights=False)
        .exclude(model_revision__model_meta__in=EvaluationRun.objects.filter(is_closed=True).values("model_meta"))
        .exclude(pk__in=Comparison.objects.values("reported"))
        .exclude(spot_checks__run__state__in=["queued", "running"])
    )


def is_due(rule: SpotCheckRule) -> bool:
    if not rule.is_active:
        return False
    return rule.applied_at is None or rule.applied_at <= timezone.now() - timedelta(days=rule.every_days)


def picked_results(rule: SpotCheckRule, draw: random.Random) -> list[list[TaskResult]]:
    """For each model revision that the rule picks, the tasks to repeat, drawn at random."""
    results = repeatable_results().filter(_of_rule(rule))
    of_revision: dict[int, list[int]] = defaultdict(list)
    for pk, revision_id in results.order_by("pk").values_list("pk", "model_revision_id"):
        of_revision[revision_id].append(pk)
    revisions = _drawn(rule, sorted(of_revision), draw)
    drawn = [draw.sample(of_revision[id_], min(rule.n_tasks, len(of_revision[id_]))) for id_ in revisions]
    found = (
        TaskResult.objects.select_related("task", "model_revision__model_meta", "cell_set")
        .defer("payload")
        .in_bulk([pk for pks in drawn for pk in pks])
    )
    return [[found[pk] for pk in pks] for pks in drawn]


def _of_rule(rule: SpotCheckRule) -> Q:
    match rule.picks:
        case SpotCheckRule.Picks.NEW_UPLOADS:
            new = Q(source__kind=SourceKind.UPLOAD)
            return new & Q(created_at__gt=rule.applied_at) if rule.applied_at else new
        case SpotCheckRule.Picks.TOP_OF_BOARD:
            top = BoardRow.objects.filter(
                board__benchmark=rule.benchmark, board__scope=Scope.ALL, position__lt=rule.n_models
            )
            of_board = Q(task__benchmarks=rule.benchmark)
            return of_board & Q(model_revision__model_meta__in=top.values("model_meta"))
    return Q()


def _drawn(rule: SpotCheckRule, revisions: Sequence[int], draw: random.Random) -> list[int]:
    if rule.picks == SpotCheckRule.Picks.RANDOM_SHARE:
        wanted = max(1, round(len(revisions) * rule.percent / 100))
        return draw.sample(list(revisions), min(wanted, rule.n_models, len(revisions)))
    return list(revisions[: rule.n_models])


def comparisons_by_result() -> QuerySet[Comparison]:
    """The drift report: every rerun beside what was reported, those that disagree first, the largest distance first."""
    return (
        Comparison.objects.select_related("reported__task", "reported__model_revision__model_meta", "reported__source")
        .defer("reported__payload")
        .order_by("agrees", "-difference", "-pk")
    )
