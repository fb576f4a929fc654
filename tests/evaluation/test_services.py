"""Claims, leases and states of units, on PostgreSQL."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction
from django.db.models.functions import Now
from django_q.models import OrmQ, Schedule

from evaluation.capabilities import detect
from evaluation.failures import Failure, FailureClass
from evaluation.models import EvaluationRun, EvaluationUnit, Lane, Worker
from evaluation.services import claims, runs, waking, workers
from leaderboard.models import BenchmarkTask, SourceKind
from tests.factories import make_benchmark, make_model, make_task, result_json
from tests.factories_evaluation import claimed_unit, let_lease_run_out, make_claimable_now, make_run, make_worker

State = EvaluationUnit.State
DOWNLOAD = Failure(FailureClass.DOWNLOAD, "The Hub does not answer.")
TASK_FAILURE = Failure(FailureClass.TASK, "The task failed.", final=True)


def payload_for(unit: EvaluationUnit, score: float = 0.5) -> bytes:
    return result_json(unit.task, {"test": {"default": score}})


def finish(unit: EvaluationUnit, score: float = 0.5) -> None:
    claims.finish_unit(unit=unit, payload=payload_for(unit, score), environment={"python": "3.11"})


@pytest.mark.django_db
def test_a_run_has_a_queued_unit_for_each_task() -> None:
    run = make_run(3)
    assert run.state == EvaluationRun.State.QUEUED
    assert [unit.state for unit in run.units.all()] == [State.QUEUED] * 3


@pytest.mark.django_db
def test_a_run_without_tasks_is_refused() -> None:
    with pytest.raises(runs.EvaluationError, match="at least one task"):
        make_run([])


@pytest.mark.django_db
def test_a_setting_that_nobody_knows_is_refused_by_name() -> None:
    with pytest.raises(runs.EvaluationError, match="trust_remote_code"):
        make_run(1, settings={"trust_remote_code": True})


@pytest.mark.django_db
def test_a_run_on_a_benchmark_evaluates_the_cells_that_the_benchmark_counts() -> None:
    whole, pinned = make_task(), make_task(hf_subsets=["de", "en"])
    benchmark = make_benchmark(tasks=[whole, pinned])
    BenchmarkTask.objects.filter(task=pinned).update(subsets=["de"])
    run = make_run([], benchmarks=[benchmark])
    units = {unit.task: unit for unit in run.units.all()}
    assert (units[whole].eval_splits, units[whole].hf_subsets) == (None, None)
    assert (units[pinned].eval_splits, units[pinned].hf_subsets) == (None, ["de"])


@pytest.mark.django_db
def test_a_task_that_is_asked_for_by_name_is_evaluated_whole_even_if_a_benchmark_pins_it() -> None:
    task = make_task(hf_subsets=["de", "en"])
    benchmark = make_benchmark(tasks=[task])
    BenchmarkTask.objects.filter(task=task).update(subsets=["de"])
    run = make_run([task], benchmarks=[benchmark])
    assert run.units.get().hf_subsets is None


@pytest.mark.django_db
def test_a_new_run_wakes_a_worker_once_it_is_committed(django_capture_on_commit_callbacks: Any) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        make_run(2)
        assert not OrmQ.objects.exists()
    assert [row.key for row in OrmQ.objects.all()] == ["gpu"]


@pytest.mark.django_db
def test_claims_follow_lane_then_age() -> None:
    first, second, urgent = make_run(), make_run(), make_run(lane=Lane.EXPRESS)
    assert [claimed_unit(first).run, claimed_unit(first).run, claimed_unit(first).run] == [urgent, first, second]
    assert claims.claim() is None


@pytest.mark.django_db
def test_submitters_share_the_workers_whoever_asked_first() -> None:
    ann, bob = User.objects.create(username="ann"), User.objects.create(username="bob")
    many = make_run(4, requested_by=ann)
    one = make_run(1, requested_by=bob)
    later = make_run(1, requested_by=bob)
    assert [claims.claim().run for _ in range(4)] == [many, one, many, later]  # type: ignore[union-attr]


@pytest.mark.django_db
def test_who_had_a_worker_for_long_lately_waits_for_others() -> None:
    ann, bob = User.objects.create(username="ann"), User.objects.create(username="bob")
    done = claimed_unit(make_run(requested_by=ann))
    finish(done)
    make_run(requested_by=ann)
    fresh = make_run(requested_by=bob)
    assert claimed_unit(fresh).run == fresh


@pytest.mark.django_db
def test_a_worker_stays_with_the_run_whose_model_it_has_unless_a_higher_lane_waits() -> None:
    ann, bob = User.objects.create(username="ann"), User.objects.create(username="bob")
    long = make_run(3, requested_by=ann)
    make_run(requested_by=bob)
    assert claims.claim(staying_with=long).run == long  # type: ignore[union-attr]
    assert claims.claim(staying_with=long).run == long  # type: ignore[union-attr]
    urgent = make_run(lane=Lane.EXPRESS, requested_by=bob)
    assert claims.claim(staying_with=long).run == urgent  # type: ignore[union-attr]


@pytest.mark.django_db
def test_of_a_run_the_longest_task_comes_first() -> None:
    run = make_run(3)
    short, unknown, long = run.units.order_by("pk")
    run.units.filter(pk=short.pk).update(estimated_seconds=5)
    run.units.filter(pk=long.pk).update(estimated_seconds=500)
    assert [claimed_unit(run).pk for _ in range(3)] == [long.pk, short.pk, unknown.pk]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("wanted", "offered", "fits"),
    [
        ({"worker_class": "a100"}, {"labels": ["a100", "berlin"]}, True),
        ({"worker_class": "a100"}, {"labels": []}, False),
        ({"allows_remote_code": True}, {"sandbox": "bubblewrap"}, True),
        ({"allows_remote_code": True}, {"sandbox": ""}, False),
        ({"model_meta": 1000}, {"memory_mb": 2000}, True),
        ({"model_meta": 1000}, {"memory_mb": 1000}, False),
        ({"model_meta": None}, {"memory_mb": 10}, True),
        ({"model_meta": 1000}, {"memory_mb": None}, True),
    ],
)
def test_a_worker_takes_only_what_fits(wanted: dict[str, Any], offered: dict[str, Any], fits: bool) -> None:
    if "model_meta" in wanted:
        wanted = {"model_meta": make_model(memory_usage_mb=wanted["model_meta"])}
    make_run(**wanted)
    assert (claims.claim(worker=make_worker(**offered)) is not None) is fits


@pytest.mark.django_db
def test_a_metric_of_one_task_asks_for_isolation_of_its_run() -> None:
    metric = {"sha256": "0" * 64, "code": "def score(predictions, truth): return 1"}
    plain = make_task(definition={"folder": "/data/plain", "metric": None})
    own = make_task(definition={"folder": "/data/own", "metric": metric})
    make_run([plain, own])
    worker = make_worker(sandbox="")
    assert claims.claim(worker=worker) is None
    alone = make_run([plain])
    assert claimed_unit(alone, worker).run == alone
    assert claims.claim(worker=make_worker(sandbox="bubblewrap")) is not None


@pytest.mark.django_db
def test_when_the_smallest_batch_is_too_much_a_bigger_worker_has_to_take_it() -> None:
    small, big = make_worker(memory_mb=1000), make_worker(memory_mb=8000)
    run = make_run()
    run.units.update(batch_size=1)
    claims.fail_unit(unit=claimed_unit(run, small), failure=Failure(FailureClass.MEMORY, "Out of memory."))
    assert claims.claim(worker=small) is None
    again = claimed_unit(run, big)
    assert again.batch_size is None, "It begins with a whole batch."
    again.batch_size = 1
    claims.fail_unit(unit=again, failure=Failure(FailureClass.MEMORY, "Out of memory."))
    again.refresh_from_db()
    assert again.state == State.FAILED
    assert again.error == "Out of memory. It had 8,000 MiB, and no worker here has more."


@pytest.mark.django_db(transaction=True)
def test_two_claimers_never_get_the_same_unit() -> None:
    make_run(12)
    claimed: list[int] = []
    start = threading.Barrier(4)

    def work() -> None:
        start.wait()
        while unit := claims.claim():
            claimed.append(unit.pk)
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(claimed) == sorted(EvaluationUnit.objects.values_list("pk", flat=True))


@pytest.mark.django_db
def test_a_claim_starts_the_run() -> None:
    run = claimed_unit().run
    run.refresh_from_db()
    assert run.state == EvaluationRun.State.RUNNING
    assert run.started_at is not None


@pytest.mark.django_db
def test_a_unit_whose_lease_ran_out_goes_to_somebody_else_and_its_old_owner_can_write_nothing() -> None:
    old = claimed_unit()
    assert claims.claim() is None
    let_lease_run_out(old)
    new = claimed_unit(old.run)
    assert new.pk == old.pk
    assert new.attempts == 2
    with pytest.raises(claims.ClaimLost):
        claims.heartbeat(unit=old, progress="")
    with pytest.raises(claims.ClaimLost):
        finish(old)
    with pytest.raises(claims.ClaimLost):
        claims.fail_unit(unit=old, failure=DOWNLOAD)
    claims.hand_back_unit(unit=old)
    claims.heartbeat(unit=new, progress="evaluating")
    assert EvaluationUnit.objects.get().progress == "evaluating"


@pytest.mark.django_db
def test_a_heartbeat_renews_the_lease() -> None:
    unit = claimed_unit()
    let_lease_run_out(unit)
    claims.heartbeat(unit=unit, progress="evaluating", log="line")
    assert EvaluationUnit.objects.filter(lease_until__gt=Now(), log="line").exists()


@pytest.mark.django_db
def test_a_unit_that_outlives_no_worker_fails_after_three_claims_and_the_run_goes_on() -> None:
    run = make_run(2)
    deadly = run.units.order_by("pk")[0]
    for attempt in range(1, 4):
        unit = claimed_unit(run)
        assert (unit.pk, unit.attempts) == (deadly.pk, attempt)
        let_lease_run_out(unit)
    assert claimed_unit(run).pk != deadly.pk
    deadly.refresh_from_db()
    assert deadly.state == State.FAILED
    assert deadly.failure_class == FailureClass.INFRASTRUCTURE
    assert "died 3 times" in deadly.error


@pytest.mark.django_db
def test_a_finished_unit_has_its_result_as_a_fact_with_its_origin() -> None:
    unit = claimed_unit()
    finish(unit, 0.75)
    unit.refresh_from_db()
    assert unit.state == State.DONE
    assert unit.result is not None
    assert unit.result.main_scores == [0.75]
    assert unit.evaluation_time == 12.5
    assert unit.environment == {"python": "3.11"}
    assert unit.result.source.kind == SourceKind.RUN
    assert unit.result.source_path == f"runs/{unit.run.pk}/{unit.task.name}.json"
    unit.run.refresh_from_db()
    assert unit.run.state == EvaluationRun.State.DONE


@pytest.mark.django_db
def test_a_result_that_cannot_be_stored_leaves_the_unit_as_it_was() -> None:
    unit = claimed_unit()
    with pytest.raises(Exception):  # noqa: B017, PT011  Whatever the store has against it, nothing half is written.
        claims.finish_unit(unit=unit, payload=b"no result", environment={})
    unit.refresh_from_db()
    assert unit.state == State.RUNNING


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("failure_class", "state"),
    [
        (FailureClass.DOWNLOAD, State.QUEUED),
        (FailureClass.MEMORY, State.QUEUED),
        (FailureClass.INFRASTRUCTURE, State.QUEUED),
        (FailureClass.TIME, State.FAILED),
        (FailureClass.MODEL_CODE, State.FAILED),
        (FailureClass.TASK, State.FAILED),
    ],
)
def test_only_what_may_pass_is_tried_again(failure_class: FailureClass, state: str) -> None:
    unit = claimed_unit()
    claims.fail_unit(unit=unit, failure=Failure(failure_class, "It failed."))
    unit.refresh_from_db()
    assert (unit.state, unit.error, unit.failure_class) == (state, "It failed.", failure_class)


@pytest.mark.django_db
def test_a_retry_waits_and_waits_longer_the_second_time() -> None:
    unit = claimed_unit()
    claims.fail_unit(unit=unit, failure=DOWNLOAD)
    assert claims.claim() is None
    assert EvaluationUnit.objects.filter(available_at__lt=Now() + timedelta(minutes=1)).exists()
    make_claimable_now(unit)
    claims.fail_unit(unit=claimed_unit(unit.run), failure=DOWNLOAD)
    assert EvaluationUnit.objects.filter(available_at__gt=Now() + timedelta(minutes=1)).exists()


@pytest.mark.django_db
def test_the_fifth_failed_download_is_the_last() -> None:
    run = make_run()
    for _ in range(5):
        unit = claimed_unit(run)
        claims.fail_unit(unit=unit, failure=DOWNLOAD)
        make_claimable_now(unit)
    run.refresh_from_db()
    assert run.state == EvaluationRun.State.FAILED
    assert run.units.get().error == "The Hub does not answer."


@pytest.mark.django_db
def test_each_way_to_fail_has_tries_of_its_own_and_asking_again_gives_them_all_anew() -> None:
    run = make_run()

    def fail(failure: Failure) -> str:
        unit = claimed_unit(run)
        claims.fail_unit(unit=unit, failure=failure)
        make_claimable_now(unit)
        unit.refresh_from_db()
        return unit.state

    crash = Failure(FailureClass.INFRASTRUCTURE, "It crashed.")
    for _ in range(2):
        before = [fail(Failure(FailureClass.MEMORY, "Out of memory.")) for _ in range(4)]
        assert before == [State.QUEUED] * 4
        assert [fail(crash), fail(DOWNLOAD), fail(crash)] == [State.QUEUED] * 3
        assert fail(crash) == State.FAILED
        runs.retry_failed_units(run=run)


@pytest.mark.django_db
def test_after_memory_ran_out_the_batches_are_smaller() -> None:
    unit = claimed_unit()
    claims.fail_unit(unit=unit, failure=Failure(FailureClass.MEMORY, "Out of memory."))
    make_claimable_now(unit)
    again = claimed_unit(unit.run)
    assert again.batch_size == 16


@pytest.mark.django_db
def test_a_model_that_cannot_be_loaded_fails_all_tasks_of_its_run_at_once() -> None:
    run, other = make_run(3), make_run()
    failure = Failure(FailureClass.MODEL_CODE, "The model needs code of its own.", final=True, whole_run=True)
    claims.fail_unit(unit=claimed_unit(run), failure=failure)
    assert {unit.error for unit in run.units.filter(state=State.FAILED)} == {failure.message}
    assert run.units.filter(state=State.FAILED).count() == 3
    assert other.units.get().state == State.QUEUED


@pytest.mark.django_db
def test_a_cancelled_run_stops_its_units_and_keeps_what_is_done() -> None:
    run = make_run(3)
    finish(claimed_unit(run))
    running = claimed_unit(run)
    assert runs.cancel_run(run=run) == 2
    with pytest.raises(claims.ClaimLost):
        claims.heartbeat(unit=running, progress="")
    run.refresh_from_db()
    assert run.state == EvaluationRun.State.CANCELLED
    assert run.units.filter(state=State.DONE).count() == 1
    assert claims.claim() is None


@pytest.mark.django_db
def test_failed_units_can_be_tried_again_with_all_attempts() -> None:
    unit = claimed_unit(make_run(batch_size=8))
    unit.run.units.update(batch_size=1)
    claims.fail_unit(unit=unit, failure=TASK_FAILURE)
    assert runs.retry_failed_units(run=unit.run) == 1
    unit.run.refresh_from_db()
    assert (unit.run.state, unit.run.finished_at) == (EvaluationRun.State.RUNNING, None)
    again = claimed_unit(unit.run)
    assert (again.attempts, again.batch_size) == (1, 8)


@pytest.mark.django_db
def test_a_run_with_one_failed_task_is_failed_and_keeps_the_results_of_the_others() -> None:
    run = make_run(2)
    finish(claimed_unit(run))
    claims.fail_unit(unit=claimed_unit(run), failure=TASK_FAILURE)
    run.refresh_from_db()
    assert run.state == EvaluationRun.State.FAILED
    assert run.finished_at is not None
    assert run.units.filter(result__isnull=False).count() == 1


@pytest.mark.django_db
def test_a_draining_worker_gets_nothing_more() -> None:
    worker = make_worker()
    make_run()
    workers.drain_worker(worker=worker)
    assert claims.claim(worker=worker) is None
    assert claims.claim() is not None


@pytest.mark.django_db
def test_a_unit_handed_back_by_a_draining_worker_has_lost_no_attempt() -> None:
    worker = make_worker()
    unit = claimed_unit(worker=worker)
    claims.hand_back_unit(unit=unit)
    unit.refresh_from_db()
    assert (unit.state, unit.attempts, unit.owner) == (State.QUEUED, 0, "")


@pytest.mark.django_db
@pytest.mark.parametrize(("count_attempt", "attempts"), [(True, 1), (False, 0)])
def test_a_worker_that_stops_holds_no_unit(count_attempt: bool, attempts: int) -> None:
    worker, other = make_worker(), make_worker()
    run = make_run(2)
    mine, others = claimed_unit(run, worker), claimed_unit(run, other)
    assert claims.hand_back_units_of(worker=worker, count_attempt=count_attempt) == 1
    mine.refresh_from_db()
    others.refresh_from_db()
    assert (mine.state, mine.attempts, others.state) == (State.QUEUED, attempts, State.RUNNING)


@pytest.mark.django_db
def test_the_sweep_wakes_workers_only_while_units_wait_and_not_without_end() -> None:
    assert not waking.wake_if_claimable()
    make_run()
    assert [waking.wake_if_claimable() for _ in range(5)] == [True, True, True, False, False]


@pytest.mark.django_db
def test_the_sweep_is_scheduled_once() -> None:
    waking.ensure_sweep_schedule()
    waking.ensure_sweep_schedule()
    assert Schedule.objects.filter(func="evaluation.jobs.sweep").count() == 1


@pytest.mark.django_db(transaction=True)
def test_workers_that_start_together_schedule_one_sweep() -> None:
    with ThreadPoolExecutor(4) as threads:
        for future in [threads.submit(_schedule_and_disconnect) for _ in range(8)]:
            future.result()
    assert Schedule.objects.filter(func="evaluation.jobs.sweep").count() == 1


def _schedule_and_disconnect() -> None:
    try:
        waking.ensure_sweep_schedule()
    finally:
        connection.close()


@pytest.mark.django_db
def test_sweeps_scheduled_twice_become_one() -> None:
    for _ in range(2):
        Schedule.objects.create(name=waking.SWEEP, func="evaluation.jobs.sweep")
    waking.ensure_sweep_schedule()
    assert Schedule.objects.filter(func="evaluation.jobs.sweep").count() == 1


@pytest.mark.django_db
def test_workers_of_long_ago_are_forgotten() -> None:
    make_worker(last_seen=Now() - timedelta(days=8))
    kept = workers.start_worker(host="here", queue="gpu", pid=7, capabilities=detect(labels=[], units_at_once=1))
    assert list(Worker.objects.all()) == [kept]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("constraint", "change"),
    [
        ("a_running_unit_has_an_owner", {"state": State.RUNNING}),
        ("only_a_running_unit_has_an_owner", {"owner": "somebody"}),
        ("a_unit_is_done_when_it_has_a_result", {"state": State.DONE}),
        ("a_failed_unit_says_why", {"state": State.FAILED}),
        ("attempts_are_not_negative", {"attempts": -1}),
    ],
)
def test_the_database_refuses_states_that_make_no_sense(constraint: str, change: dict[str, Any]) -> None:
    run = make_run()
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        run.units.update(**change)
