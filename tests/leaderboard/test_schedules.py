"""What is done again and again."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.utils.module_loading import import_string
from django_q.models import Schedule

from leaderboard.services.schedules import ensure_schedules


def test_every_schedule_calls_something_that_is_there() -> None:
    for fields in settings.SCHEDULES.values():
        assert callable(import_string(fields["func"]))


@pytest.mark.django_db
def test_schedules_are_there_once_however_many_workers_start() -> None:
    ensure_schedules()
    ensure_schedules()
    assert sorted(Schedule.objects.values_list("name", flat=True)) == sorted(settings.SCHEDULES)
