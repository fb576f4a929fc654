"""Pages of the queue and of runs, and the operator's desk."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from evaluation.failures import Failure, FailureClass
from evaluation.models import EvaluationRun, EvaluationUnit, Lane
from evaluation.services import claims
from tests.factories_evaluation import claimed_unit, make_run, make_worker

pytestmark = pytest.mark.django_db
REFRESH = 'http-equiv="refresh"'


def page(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


@pytest.fixture
def desk(client: Client) -> Client:
    """A browser in which an operator is logged in."""
    client.force_login(User.objects.create_superuser("operator"))
    return client


def test_an_empty_queue_says_so_and_stands_still(client: Client) -> None:
    text = page(client, "/queue/")
    assert "Nothing is waiting." in text
    assert "No worker is running" in text
    assert REFRESH not in text


def test_the_queue_lists_runs_in_order_and_refreshes_itself(client: Client) -> None:
    make_worker()
    later, urgent = make_run(), make_run(lane=Lane.EXPRESS)
    text = page(client, "/queue/")
    assert text.index(urgent.model_meta.name) < text.index(later.model_meta.name)
    assert "1 worker is running." in text
    assert REFRESH in text


def test_the_queue_takes_few_queries_however_long_it_is(client: Client, django_assert_max_num_queries: Any) -> None:
    for _ in range(10):
        make_run(2)
    with django_assert_max_num_queries(9):
        page(client, "/queue/")


def test_a_waiting_run_shows_its_place(client: Client) -> None:
    make_run()
    run = make_run()
    text = page(client, run.get_absolute_url())
    assert 'place 2 in the <a href="/queue/">queue</a>' in text
    assert REFRESH in text
    assert "No worker is running, so nothing happens until one is started." in text
    assert "There has not been one yet." in text


def test_a_run_at_work_shows_the_progress_of_each_task(client: Client, django_assert_max_num_queries: Any) -> None:
    run = make_run(5)
    unit = claimed_unit(run)
    claims.heartbeat(unit=unit, progress="loading the model")
    with django_assert_max_num_queries(18):
        text = page(client, run.get_absolute_url())
    assert "0 of 5 tasks are finished" in text
    assert "loading the model" in text
    assert "Last sign of life of its worker" in text


def test_a_failed_task_says_why_and_the_page_stands_still(client: Client) -> None:
    unit = claimed_unit()
    failure = Failure(FailureClass.MODEL_CODE, "The model has <b>no</b> tokenizer.", final=True)
    claims.fail_unit(unit=unit, failure=failure)
    text = page(client, unit.run.get_absolute_url())
    assert "Model: The model has &lt;b&gt;no&lt;/b&gt; tokenizer." in text
    assert "0 of 1 tasks have a result, 1 failed." in text
    assert REFRESH not in text


def test_a_run_that_does_not_exist_is_not_found(client: Client) -> None:
    assert client.get("/runs/12345/").status_code == 404


def test_a_page_changes_nothing_by_post(client: Client) -> None:
    assert client.post(make_run().get_absolute_url()).status_code == 405


def test_the_operator_cancels_runs_and_queues_them_again(desk: Client) -> None:
    run = make_run(2)
    address = "/admin/evaluation/evaluationrun/"
    desk.post(address, {"action": "cancel", "_selected_action": [run.pk]})
    run.refresh_from_db()
    assert run.state == EvaluationRun.State.CANCELLED
    desk.post(address, {"action": "retry", "_selected_action": [run.pk]})
    run.refresh_from_db()
    assert run.state == EvaluationRun.State.QUEUED
    assert run.units.filter(state=EvaluationUnit.State.QUEUED).count() == 2


def test_who_may_only_look_at_runs_cannot_cancel_them(client: Client) -> None:
    onlooker = User.objects.create_user("onlooker", is_staff=True)
    onlooker.user_permissions.add(Permission.objects.get(codename="view_evaluationrun"))
    client.force_login(onlooker)
    run = make_run()
    address = "/admin/evaluation/evaluationrun/"
    assert 'value="cancel"' not in page(client, address)
    client.post(address, {"action": "cancel", "_selected_action": [run.pk]})
    run.refresh_from_db()
    assert run.state == EvaluationRun.State.QUEUED


def test_the_operators_desk_shows_rows_that_cannot_be_changed_by_hand(desk: Client) -> None:
    worker = make_worker()
    unit = claimed_unit(worker=worker)
    claims.heartbeat(unit=unit, progress="evaluating", log="line of the log")
    for model, key in (("evaluationrun", unit.run.pk), ("evaluationunit", unit.pk), ("worker", worker.pk)):
        address = f"/admin/evaluation/{model}/"
        page(desk, address)
        page(desk, f"{address}?q=model")
        assert 'name="_save"' not in page(desk, f"{address}{key}/change/")
        assert desk.get(f"{address}add/").status_code == 403
    assert "line of the log" in page(desk, f"/admin/evaluation/evaluationunit/{unit.pk}/change/")


def test_the_operators_list_of_runs_takes_few_queries(desk: Client, django_assert_max_num_queries: Any) -> None:
    for _ in range(10):
        make_run(2)
    with django_assert_max_num_queries(10):
        page(desk, "/admin/evaluation/evaluationrun/")
