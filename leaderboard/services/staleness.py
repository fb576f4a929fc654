"""Applying the rules about stale results, and going back to an earlier result."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from leaderboard.models import (
    CurrentResult,
    ResultChoice,
    StaleResult,
    StaleRule,
    StaleRuleEvent,
    TaskResult,
)
from leaderboard.services.audit import record
from leaderboard.services.boards import bump_data_version, lock_publishing
from leaderboard.services.currency import Key, choose_current_results
from leaderboard.services.publishing import publish_pairs
from leaderboard.staleness import is_outdated, version_range


class NothingToRollBack(ValueError):
    """The message says why the result cannot count again."""


@transaction.atomic
def apply_rule(*, rule: StaleRule, by: User | None = None) -> StaleRuleEvent:
    """Make stale what the rule hits now and nothing else, publish that, and write it down; `by` is a moderator."""
    lock_publishing()
    changed = _hit(rule)
    _publish(changed)
    hits = StaleResult.objects.filter(rule=rule)
    n_stale = hits.count()
    event = StaleRuleEvent.objects.create(
        rule=rule, rule_text=rule_in_words(rule), n_stale=n_stale, n_hidden=n_stale if _hides(rule) else 0, by=by
    )
    if by is not None:
        counts = {"rule": event.rule_text, "stale": event.n_stale, "hidden": event.n_hidden}
        record(actor=by, action="applied a rule", subject=rule, after=counts, reason=rule.reason)
    return event


@transaction.atomic
def remove_rule(*, rule: StaleRule, by: User | None = None) -> None:
    """Take the rule back: what it hit counts as before."""
    lock_publishing()
    hidden = set(rule.hits.filter(hides=True).values_list("result_id", flat=True))
    text = f"Deleted: {rule_in_words(rule)}"
    if by is not None:
        record(actor=by, action="deleted a rule", subject=rule, before={"rule": rule_in_words(rule)})
    rule.delete()
    _publish(_keys(hidden))
    StaleRuleEvent.objects.create(rule=None, rule_text=text, n_stale=0, n_hidden=0, by=by)


def refresh_stale_results(*, results: Collection[int] | None = None) -> None:
    """Apply all rules to these results, or to all, and choose anew what counts where that changed; publish nothing."""
    changed: set[Key] = set()
    for rule in StaleRule.objects.filter(is_active=True):
        changed |= _hit(rule, results)
    if changed:
        choose_current_results(only=sorted(changed))


def rule_in_words(rule: StaleRule) -> str:
    """What the rule hits and does, as people read it."""
    names = list(rule.tasks.order_by("name").values_list("name", flat=True))
    of_tasks = f"on {', '.join(names)}" if names else "on every task"
    if rule.kind == StaleRule.Kind.MTEB_VERSIONS:
        what = f"with mteb {rule.first_version or 'any version'} to {rule.last_version or 'the newest'}"
    else:
        what = f"on dataset revision {rule.dataset_revision or 'other than the one that the task names'}"
    does = "switched off" if not rule.is_active else "hidden" if _hides(rule) else "marked"
    return f"Results {of_tasks} {what}: {does}. {rule.reason}"


def _hides(rule: StaleRule) -> bool:
    return rule.is_active and rule.effect == StaleRule.Effect.HIDE


def _hit(rule: StaleRule, results: Collection[int] | None = None) -> set[Key]:
    """Store what the rule hits, and name the (task, variant) pairs of which a result became or ceased to be hidden."""
    known = StaleResult.objects.filter(rule=rule)
    candidates = TaskResult.objects.all()
    if results is not None:
        known, candidates = known.filter(result__in=results), candidates.filter(pk__in=results)
    hidden_before = set(known.filter(hides=True).values_list("result_id", flat=True))
    wanted = _matching(rule, candidates) if rule.is_active else set()
    hides = _hides(rule)
    known.exclude(result__in=wanted).delete()
    known.update(hides=hides)
    there = set(known.values_list("result_id", flat=True))
    StaleResult.objects.bulk_create(
        (StaleResult(rule=rule, result_id=id_, hides=hides) for id_ in sorted(wanted - there)), batch_size=5000
    )
    return _keys(hidden_before ^ (wanted if hides else set()))


def _matching(rule: StaleRule, candidates: QuerySet[TaskResult]) -> set[int]:
    """Raises UnusableRule."""
    candidates = candidates.order_by()
    if rule.tasks.exists():
        candidates = candidates.filter(task__in=rule.tasks.all())
    if rule.kind == StaleRule.Kind.MTEB_VERSIONS:
        wrong = version_range(rule.first_version, rule.last_version)
        versions = candidates.values_list("mteb_version", flat=True).distinct()
        candidates = candidates.filter(mteb_version__in=wrong.among(versions))
        return set(candidates.values_list("pk", flat=True))
    if rule.dataset_revision:
        return set(candidates.filter(dataset_revision=rule.dataset_revision).values_list("pk", flat=True))
    pairs = candidates.values_list("task_id", "dataset_revision", "task__dataset_revision").distinct()
    matching: set[int] = set()
    for task_id, revision, current in pairs:
        if is_outdated(revision, current):
            on_it = candidates.filter(task=task_id, dataset_revision=revision)
            matching.update(on_it.values_list("pk", flat=True))
    return matching


def _keys(result_ids: Iterable[int]) -> set[Key]:
    return set(TaskResult.objects.filter(pk__in=list(result_ids)).values_list("task_id", "variant_id"))


def _publish(changed: Collection[Key]) -> None:
    """Decide anew what counts for these pairs, and show it; badges change even where nothing else does."""
    if not changed:
        bump_data_version()
        return
    publish_pairs(changed)


@transaction.atomic
def roll_back(*, result: TaskResult, reason: str, by: User | None) -> ResultChoice:
    """Let an earlier result count again among all results, until that is undone. Raises NothingToRollBack."""
    lock_publishing()
    if not reason.strip():
        raise NothingToRollBack("Say why the earlier result is to count again.")
    if CurrentResult.objects.filter(pk=result.pk, all_part=0).exists():
        raise NothingToRollBack("This result counts already. Choose an earlier one.")
    of_pair = TaskResult.objects.filter(task=result.task_id, variant=result.variant_id)
    latest = of_pair.order_by("-pk").values_list("pk", flat=True)[0]
    open_choices = ResultChoice.objects.filter(task=result.task_id, variant=result.variant_id, undone_at=None)
    open_choices.update(undone_at=timezone.now(), undone_by=by)
    choice = ResultChoice.objects.create(
        variant_id=result.variant_id,
        task_id=result.task_id,
        result=result,
        latest_result_id=latest,
        reason=reason.strip(),
        by=by,
    )
    _publish([(result.task_id, result.variant_id)])
    if not CurrentResult.objects.filter(pk=result.pk, all_part__isnull=False).exists():
        raise NothingToRollBack("The file of this result has left its source, or it has no score: it cannot count.")
    if by is not None:
        record(actor=by, action="rolled back", subject=result, after={"up_to": latest}, reason=choice.reason)
    return choice


@transaction.atomic
def undo_rollback(*, choice: ResultChoice, by: User | None) -> None:
    """Let the usual rule decide again."""
    lock_publishing()
    undone = ResultChoice.objects.filter(pk=choice.pk, undone_at=None)
    if undone.update(undone_at=timezone.now(), undone_by=by):
        if by is not None:
            record(actor=by, action="undid the rollback", subject=choice.result, before={"reason": choice.reason})
        _publish([(choice.task_id, choice.variant_id)])
