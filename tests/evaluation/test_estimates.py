"""How long an evaluation will take, from what was measured before."""

from __future__ import annotations

import pytest
from django.db.models.functions import Now
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from evaluation.models import EvaluationRun, EvaluationUnit
from evaluation.selectors.estimates import FIXED_PARAMETERS, estimate, estimated_seconds, seconds_by_task
from leaderboard.models import ModelMeta, SourceKind, Task
from tests.factories import make_model, make_result, make_task
from tests.factories_evaluation import make_run

pytestmark = pytest.mark.django_db


def took(model_meta: ModelMeta, task: Task, seconds: float) -> None:
    """As if a run of this board had ended."""
    run = make_run([task], model_meta=model_meta)
    result = make_result(model_meta, task, revision=run.revision, kind=SourceKind.RUN, current_in=())
    EvaluationUnit.objects.filter(run=run).update(
        state="done", result=result, evaluation_time=seconds, finished_at=Now()
    )


def test_what_was_never_measured_is_not_known() -> None:
    task = make_task()
    assert estimated_seconds(task, make_model()) is None
    assert estimate([task], None).seconds is None


def test_a_model_takes_as_long_as_it_took_last() -> None:
    task, model = make_task(), make_model(n_parameters=5)
    took(model, task, 90.0)
    took(model, task, 60.0)
    took(make_model(n_parameters=5), task, 7.0)
    assert estimated_seconds(task, model) == 60.0


def test_another_model_takes_what_the_nearest_in_size_took_scaled_by_the_sizes() -> None:
    task = make_task()
    took(make_model(n_parameters=FIXED_PARAMETERS), task, 10.0)
    took(make_model(n_parameters=1000 * FIXED_PARAMETERS), task, 1.0)
    assert estimated_seconds(task, 3 * FIXED_PARAMETERS) == pytest.approx(20.0)
    assert estimated_seconds(task, make_model(n_parameters=3 * FIXED_PARAMETERS)) == pytest.approx(20.0)


def test_a_model_of_unknown_size_takes_the_usual_time() -> None:
    task = make_task()
    for seconds in (1.0, 2.0, 30.0):
        took(make_model(), task, seconds)
    assert estimated_seconds(task, None) == 2.0
    assert estimated_seconds(task, 5_000_000) == 2.0


def test_parts_and_variants_say_nothing_about_the_whole_task() -> None:
    task, model = make_task(), make_model()
    took(model, task, 4.0)
    EvaluationUnit.objects.update(hf_subsets=["default"])
    assert estimated_seconds(task, model) is None


def test_an_estimate_tells_nothing_of_private_runs() -> None:
    task, model = make_task(), make_model()
    took(model, task, 4.0)
    EvaluationRun.objects.update(is_private=True)
    assert estimated_seconds(task, model) is None


def test_the_estimate_says_what_it_leaves_out_and_what_the_rest_costs(settings: Settings) -> None:
    known, unknown, model = make_task(), make_task(), make_model()
    took(model, known, 1800.0)
    settings.COST_PER_HOUR = None
    assert estimate([known, unknown], model).cost is None
    settings.COST_PER_HOUR = 3.0
    found = estimate([known, unknown], model)
    assert (found.n_tasks, found.n_unknown, found.seconds, found.cost) == (2, 1, 1800.0, 1.5)
    assert found.is_partial


def test_many_tasks_cost_one_query(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    tasks, model = [make_task() for _ in range(5)], make_model()
    with django_assert_num_queries(1):
        assert list(seconds_by_task(tasks, model).values()) == [None] * 5
