"""What django-q2 calls."""

from __future__ import annotations

import pytest
from django_q.models import OrmQ

from evaluation import jobs
from evaluation.models import Worker
from tests.factories_evaluation import make_run, make_worker


@pytest.mark.django_db
def test_a_tick_with_nothing_to_do_does_nothing() -> None:
    assert jobs.tick() == 0


@pytest.mark.django_db
def test_a_job_shows_the_supervisor_that_the_cluster_works(monkeypatch: pytest.MonkeyPatch) -> None:
    worker = make_worker()
    monkeypatch.setenv(jobs.WORKER_VARIABLE, str(worker.pk))
    jobs.answer()
    assert Worker.objects.get().answered_at is not None


@pytest.mark.django_db
def test_the_sweep_wakes_a_worker_for_a_unit_that_nobody_was_woken_for() -> None:
    make_run()
    assert jobs.sweep()
    assert OrmQ.objects.count() == 1
