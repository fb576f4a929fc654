"""Metrics of custom tasks: noting their code, approving it, and taking the approval back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from evaluation.models import CustomMetric
from leaderboard.models import Task
from leaderboard.services.audit import BY_COMMAND, record


def note_metric(*, metric: Mapping[str, Any]) -> dict[str, Any]:
    """The metric as a task's definition may have it: with its code only if that is approved."""
    stored, _ = CustomMetric.objects.get_or_create(sha256=metric["sha256"], defaults={"code": metric["code"]})
    return {"sha256": stored.sha256, "code": stored.code if stored.approved_at else None}


@transaction.atomic
def approve_metric(*, sha256: str, code: str, approved_by: User | None = None) -> CustomMetric:
    """From now on tasks with exactly this code can be evaluated. `approved_by` is None for an operator's command."""
    metric, _ = CustomMetric.objects.select_for_update().get_or_create(sha256=sha256, defaults={"code": code})
    if metric.approved_at is None:
        metric.approved_at = timezone.now()
        metric.approved_by = approved_by
        metric.save(update_fields=["approved_at", "approved_by"])
        record(actor=approved_by, action="approved", subject=metric, after={"sha256": metric.sha256})
    _write_code(metric, metric.code)
    return metric


@transaction.atomic
def withdraw_approval(*, metric: CustomMetric, withdrawn_by: User) -> None:
    """Tasks with this code can no longer be evaluated. Results stay; the audit log keeps who had approved it."""
    metric = CustomMetric.objects.select_for_update(of=("self",)).select_related("approved_by").get(pk=metric.pk)
    if metric.approved_at is None:
        return
    record(
        actor=withdrawn_by,
        action="took the approval back",
        subject=metric,
        before={
            "approved_by": metric.approved_by.get_username() if metric.approved_by else BY_COMMAND,
            "approved_at": metric.approved_at.isoformat(),
        },
    )
    metric.approved_at = None
    metric.approved_by = None
    metric.save(update_fields=["approved_at", "approved_by"])
    _write_code(metric, None)


def tasks_with_metric(metric: CustomMetric) -> QuerySet[Task]:
    return Task.objects.filter(definition__metric__sha256=metric.sha256)


def _write_code(metric: CustomMetric, code: str | None) -> None:
    tasks = list(tasks_with_metric(metric).only("pk", "definition").select_for_update())
    for task in tasks:
        task.definition = {**(task.definition or {}), "metric": {"sha256": metric.sha256, "code": code}}
    Task.objects.bulk_update(tasks, ["definition"])
