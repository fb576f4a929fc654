"""What pages and commands ask about runs."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.models.functions import Now

from evaluation.failures import Failure, FailureClass
from evaluation.models import Lane
from evaluation.selectors import cells, names, workers
from evaluation.selectors.runs import RunProgress, queue_place, run_progress
from evaluation.selectors.scores import scores_by_cell, task_score
from evaluation.services import claims
from evaluation.services.runs import cancel_run
from leaderboard.models import BenchmarkTask
from tests.factories import Scores, make_benchmark, make_model, make_result, make_task
from tests.factories_evaluation import claimed_unit, make_run, make_worker

pytestmark = pytest.mark.django_db


def test_progress_counts_units_by_state() -> None:
    run = make_run(3)
    claimed_unit(run)
    claims.fail_unit(unit=claimed_unit(run), failure=Failure(FailureClass.TASK, "No.", final=True))
    progress = run_progress(run)
    assert progress == RunProgress(queued=1, running=1, done=0, failed=1, cancelled=0)
    assert (progress.total, progress.finished, progress.percent) == (3, 1, 33)


def test_the_place_in_the_queue_follows_lane_and_age_until_the_run_is_finished() -> None:
    first, second, urgent = make_run(), make_run(), make_run(lane=Lane.EXPRESS)
    assert [queue_place(run) for run in (urgent, first, second)] == [1, 2, 3]
    cancel_run(run=first)
    first.refresh_from_db()
    assert (queue_place(first), queue_place(second)) == (None, 2)


def test_a_worker_is_alive_while_it_gives_signs_of_life_and_takes_work() -> None:
    alive = make_worker()
    make_worker(last_seen=Now() - timedelta(minutes=1))
    make_worker(draining=True)
    make_worker(stopped_at=Now())
    other_queue = make_worker(queue="default")
    assert list(workers.workers_alive("gpu")) == [alive]
    assert set(workers.workers_alive()) == {alive, other_queue}


def test_the_score_of_a_task_is_the_mean_of_the_cells_that_have_one() -> None:
    task = make_task(hf_subsets=["de", "en"], eval_splits=["test", "dev"])
    scores: Scores = {"test": {"de": 0.2, "en": None}, "dev": {"de": 0.6}}
    result = make_result(make_model(), task, scores)
    assert task_score(result) == (0.2 + 0.6) / 2
    assert scores_by_cell(result) == scores


def test_a_task_without_any_score_has_none() -> None:
    assert task_score(make_result(make_model(), make_task(), {"test": {"default": None}})) is None


def test_cells_of_several_benchmarks_are_joined() -> None:
    task = make_task(hf_subsets=["de", "en", "fr"])
    for subset in ("de", "fr"):
        benchmark = make_benchmark(tasks=[task])
        BenchmarkTask.objects.filter(benchmark=benchmark).update(subsets=[subset])
    benchmarks = [counted.benchmark for counted in BenchmarkTask.objects.order_by("pk")]
    assert cells.cells_of_benchmarks(benchmarks)[task].hf_subsets == ["de", "fr"]


def test_names_that_look_alike_are_found_whatever_their_case() -> None:
    make_task("Banking77Classification")
    assert names.close_task_names("banking77classification") == ["Banking77Classification"]
    assert names.close_task_names("quite something else") == []
