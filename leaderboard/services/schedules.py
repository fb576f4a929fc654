"""What is done again and again."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django_q.models import Schedule

NIGHTLY_DUMP = "Write the dump of everything"


@transaction.atomic
def ensure_schedule(*, name: str, func: str, **fields: Any) -> None:
    """The one schedule of that name. Processes that start together take turns: the database lets a name come twice."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [name])
    schedules = Schedule.objects.filter(name=name)
    kept = schedules.order_by("pk").first() or Schedule.objects.create(name=name, func=func, repeats=-1, **fields)
    schedules.exclude(pk=kept.pk).delete()


def ensure_nightly_dump() -> None:
    ensure_schedule(
        name=NIGHTLY_DUMP, func="leaderboard.jobs.write_dump", schedule_type=Schedule.CRON, cron="0 3 * * *"
    )


def ensure_schedules() -> None:
    """What `settings.SCHEDULES` lists: jobs of any app, the ones above the caller included."""
    schedules: dict[str, Any] = settings.SCHEDULES
    for name, fields in schedules.items():
        ensure_schedule(name=name, **fields)
