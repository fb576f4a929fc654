"""When runs are expected to have ended, and whether anybody works on them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.models.functions import Now
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from evaluation.failures import Failure, FailureClass
from evaluation.models import EvaluationRun, EvaluationUnit, Worker
from evaluation.selectors.finish_times import finish_time, finish_times
from evaluation.selectors.signs import signs_of
from evaluation.services import claims
from evaluation.services.pauses import pause_queue
from tests.factories import make_result
from tests.factories_evaluation import claimed_unit, let_lease_run_out, make_run, make_worker
from tests.factories_submissions import make_user

pytestmark = pytest.mark.django_db


def estimate(run: EvaluationRun, *seconds: float | None) -> None:
    for unit, expected in zip(run.units.order_by("pk"), seconds, strict=True):
        unit.estimated_seconds = expected
        unit.save(update_fields=["estimated_seconds"])


def finish(unit: EvaluationUnit, seconds: float) -> None:
    """As if evaluating it had taken so long and were over."""
    result = make_result(unit.run.model_meta, unit.task)
    now = timezone.now()
    EvaluationUnit.objects.filter(pk=unit.pk).update(
        state="done",
        owner="",
        lease_until=None,
        result=result,
        evaluation_time=seconds,
        started_at=now - timedelta(seconds=seconds),
        finished_at=now,
    )


def test_a_run_waits_for_those_before_it_and_then_takes_its_own_time() -> None:
    make_worker()
    first, second = make_run(2), make_run(2)
    estimate(first, 100, 200)
    estimate(second, 30, 60)
    time = finish_time(second)
    assert time is not None
    assert time.waiting == timedelta(seconds=300)
    assert time.working == timedelta(seconds=90)
    assert not time.is_rough
    assert time.finish_at - timezone.now() == pytest.approx(timedelta(seconds=390), abs=timedelta(seconds=5))


def test_two_workers_share_what_waits_and_what_a_run_has() -> None:
    make_worker()
    make_worker(pid=2)
    first, second = make_run(2), make_run(2)
    estimate(first, 100, 200)
    estimate(second, 30, 60)
    time = finish_time(second)
    assert time is not None
    assert (time.waiting, time.working) == (timedelta(seconds=150), timedelta(seconds=60))


def test_the_estimate_is_corrected_by_what_the_run_has_finished() -> None:
    make_worker()
    run = make_run(2)
    estimate(run, 6000, 6000)
    finish(claimed_unit(run), seconds=12000)
    time = finish_time(EvaluationRun.objects.get(pk=run.pk))
    assert time is not None
    assert time.working.total_seconds() == pytest.approx(12000, rel=0.02)


def test_a_task_without_an_estimate_takes_what_it_took_before_and_an_unknown_one_makes_it_rough() -> None:
    make_worker()
    before = make_run(1)
    finish(claimed_unit(before), seconds=50)
    EvaluationRun.objects.filter(pk=before.pk).update(state="done", finished_at=Now())
    unit = before.units.get()
    run = make_run([unit.task])
    time = finish_time(run)
    assert time is not None
    assert (time.working, time.is_rough) == (timedelta(seconds=50), False)
    other = make_run(1)
    assert finish_time(other) is None
    estimate(other, None)
    mixed = make_run([unit.task, other.units.get().task])
    time = finish_time(mixed)
    assert time is not None
    assert time.is_rough


def test_many_runs_cost_no_more_queries_than_one_and_are_remembered_for_some_seconds(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    make_worker()
    for _ in range(5):
        make_run(2)
    with django_assert_num_queries(5):
        finish_times()
    last = EvaluationRun.objects.all()[0]
    with django_assert_num_queries(2):
        finish_time(last)
    newer = make_run(1)
    estimate(newer, 10)
    assert finish_time(newer) is not None, "A run that came meanwhile is known at once."


def test_nobody_promises_anything_without_workers_in_a_pause_or_after_the_end() -> None:
    run = make_run(1)
    estimate(run, 10)
    assert finish_times() == {}
    make_worker()
    assert set(finish_times()) == {run.pk}
    pause_queue(started_by=make_user(), reason="New disks.")
    assert finish_times() == {}
    EvaluationRun.objects.filter(pk=run.pk).update(state="cancelled", finished_at=Now())
    assert finish_time(EvaluationRun.objects.get()) is None


def test_a_worker_that_fell_silent_is_called_by_its_name() -> None:
    worker = make_worker(host="gpu-1")
    unit = claimed_unit(worker=worker)
    signs = signs_of(unit.run)
    assert signs is not None
    assert signs.silent == []
    assert signs.last_beat is not None
    let_lease_run_out(unit)
    signs = signs_of(unit.run)
    assert signs is not None
    assert [silent.worker.host for silent in signs.silent if silent.worker] == ["gpu-1"]


def test_workers_that_cannot_take_what_waits_are_no_comfort() -> None:
    make_worker(labels=["small"])
    fitting, other = make_run(worker_class="small"), make_run(worker_class="h100")
    of_fitting, of_other = signs_of(fitting), signs_of(other)
    assert of_fitting is not None
    assert of_other is not None
    assert (of_fitting.fits, of_other.fits) == (True, False)
    assert of_other.n_workers == 1


def test_the_last_sign_of_life_of_workers_that_are_gone_is_told() -> None:
    worker = make_worker()
    Worker.objects.filter(pk=worker.pk).update(last_seen=Now() - timedelta(hours=3))
    signs = signs_of(make_run())
    assert signs is not None
    assert signs.n_workers == 0
    assert signs.worker_seen is not None
    assert timezone.now() - signs.worker_seen > timedelta(hours=2)


def test_a_run_that_waits_for_another_try_says_until_when() -> None:
    make_worker()
    unit = claimed_unit()
    assert signs_of(unit.run).next_try_at is None  # type: ignore[union-attr]
    claims.fail_unit(unit=unit, failure=Failure(FailureClass.DOWNLOAD, "The Hub did not answer."))
    signs = signs_of(EvaluationRun.objects.get())
    assert signs is not None
    assert signs.next_try_at is not None
    assert signs.next_try_at > timezone.now()
