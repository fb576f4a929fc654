"""Waking workers. A wake-up carries nothing: too many cost nothing, and a lost one is sent again."""

from __future__ import annotations

from django.conf import settings as django_settings
from django.db.models.functions import Now
from django_q.models import OrmQ, Schedule
from django_q.tasks import async_task

from evaluation.models import EvaluationUnit
from evaluation.selectors.pauses import queue_is_paused
from leaderboard.services.schedules import ensure_schedule

MAX_WAITING_TICKS = 3
SWEEP = "Wake workers for waiting evaluations"


def wake() -> None:
    """Send a worker to look at the rows. Idempotent: too many wake-ups cost nothing, a lost one is sent again."""
    async_task("evaluation.jobs.tick", cluster=django_settings.EVALUATION_QUEUE, ack_failure=True, save=False)


def ask_for_answer(*, queue: str) -> None:
    """Send a job that only shows that the queue is served."""
    async_task("evaluation.jobs.answer", cluster=queue, ack_failure=True, save=False)


def wake_if_claimable() -> bool:
    """Wake somebody if there is work and not already enough wake-ups wait unread."""
    queue = django_settings.EVALUATION_QUEUE
    waiting = OrmQ.objects.filter(key=queue, lock__lte=Now()).count()
    if waiting >= MAX_WAITING_TICKS or queue_is_paused() or not EvaluationUnit.objects.claimable().exists():
        return False
    wake()
    return True


def ensure_sweep_schedule() -> None:
    """Every minute somebody looks for units that nobody was woken for."""
    ensure_schedule(name=SWEEP, func="evaluation.jobs.sweep", schedule_type=Schedule.MINUTES, minutes=1)
