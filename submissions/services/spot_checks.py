"""Repeating reported results: what a rule picks, and what a moderator asks for."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from evaluation.models import Lane
from evaluation.selectors.repeating import cells_of_results, is_closed
from evaluation.services.runs import request_run
from leaderboard.models import SourceKind, TaskResult
from leaderboard.services.audit import record
from submissions.models import SpotCheck, SpotCheckRule
from submissions.selectors import spot_checks as selectors
from submissions.services.errors import NotPossible

if TYPE_CHECKING:
    from django.contrib.auth.models import User


@transaction.atomic
def request_spot_check(
    *,
    results: Sequence[TaskResult],
    rule: SpotCheckRule | None = None,
    requested_by: User | None = None,
    lane: Lane = Lane.BACKGROUND,
) -> SpotCheck:
    """Queue the cells of some reported results of one model revision once more.

    The comparison is made where the new result is stored. Raises NotPossible, EvaluationError.
    """
    first = results[0]
    for result in results:
        _refuse_unfit(result, first)
    model_meta = first.model_revision.model_meta
    run = request_run(
        model_meta=model_meta,
        revision=first.model_revision.name,
        parts=cells_of_results(results),
        requested_by=requested_by,
        settings=first.variant.settings,
        lane=lane,
        local_path=model_meta.local_path or "",
    )
    spot_check = SpotCheck.objects.create(
        rule=rule, requested_by=requested_by, model_revision=first.model_revision, run=run
    )
    spot_check.results.set(results)
    if requested_by is not None:
        tasks = ", ".join(result.task.name for result in results)
        record(actor=requested_by, action="asked for a spot check", subject=run, after={"tasks": tasks})
    return spot_check


def _refuse_unfit(result: TaskResult, first: TaskResult) -> None:
    if result.source.kind == SourceKind.RUN:
        raise NotPossible(f"{result} was evaluated here; only reported results are compared with a rerun.")
    if (result.model_revision_id, result.variant_id) != (first.model_revision_id, first.variant_id):
        raise NotPossible("Choose results of one revision and the same settings.")
    model_meta = result.model_revision.model_meta
    if is_closed(model_meta):
        raise NotPossible(f"{model_meta} is private or gated on the Hub, and the token that opened it is gone.")
    if not result.task.can_be_run:
        raise NotPossible(f"{result.task} cannot be run here.")
    if result.dataset_revision != result.task.dataset_revision:
        raise NotPossible(f"{result} was made on another revision of the dataset, so a rerun would not be comparable.")


@transaction.atomic
def apply_rule(*, rule: SpotCheckRule, draw: random.Random | None = None) -> list[SpotCheck]:
    """What the rule picks now. A rule that somebody else is applying, or that is not due, picks nothing."""
    locked = SpotCheckRule.objects.select_for_update(skip_locked=True, of=("self",)).filter(pk=rule.pk).first()
    if locked is None or not selectors.is_due(locked):
        return []
    picked = selectors.picked_results(locked, draw or random.SystemRandom())
    made = [request_spot_check(results=results, rule=locked, lane=Lane(locked.lane)) for results in picked]
    locked.applied_at = timezone.now()
    locked.save(update_fields=["applied_at"])
    return made
