"""The queue and its workers for the person at the terminal."""

from __future__ import annotations

import json
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db.models.functions import Now
from pytest_django import DjangoAssertNumQueries

from evaluation.failures import Failure, FailureClass
from evaluation.models import Lane
from evaluation.services import claims, runs
from tests.factories_evaluation import claimed_unit, make_run, make_worker

pytestmark = pytest.mark.django_db


def said(command: str, **options: Any) -> str:
    out = StringIO()
    call_command(command, stdout=out, **options)
    return out.getvalue()


def test_an_empty_queue_says_so_and_that_nobody_works() -> None:
    text = said("queue")
    assert "Nothing is waiting." in text
    assert "script/worker" in text
    make_worker()
    assert "script/worker" not in said("queue")


def test_runs_stand_in_the_order_in_which_they_are_taken_with_their_progress() -> None:
    first = make_run(4)
    claims.fail_unit(unit=claimed_unit(first), failure=Failure(FailureClass.TASK, "No.", final=True))
    urgent = make_run(lane=Lane.EXPRESS)
    lines = said("queue").splitlines()
    rows = [line for line in lines if first.model_meta.name in line or urgent.model_meta.name in line]
    assert [urgent.model_meta.name in row for row in rows] == [True, False]
    assert "██░░░░░░░░ 1/4" in rows[1]
    facts = json.loads(said("queue", format="json"))
    assert [(fact["place"], fact["run"]) for fact in facts] == [(1, urgent.pk), (2, first.pk)]
    assert (facts[1]["tasks"], facts[1]["finished"], facts[1]["failed"]) == (4, 1, 1)


def test_a_finished_run_leaves_the_queue() -> None:
    run = make_run()
    runs.cancel_run(run=run)
    assert json.loads(said("queue", format="json")) == []


def test_workers_say_what_they_are_at(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    assert "No worker is running" in said("workers")
    busy = make_worker(host="gpu-1", memory_mb=40960, cores=16, labels=["large"], sandbox="bubblewrap")
    make_worker(host="gpu-2", draining=True)
    unit = claimed_unit(make_run(), worker=busy)
    with django_assert_num_queries(2):
        facts = json.loads(said("workers", format="json"))
    states = {fact["host"]: (fact["state"], fact["at_work_on"]) for fact in facts}
    assert states == {
        "gpu-1": ("running", [f"{unit.task.name} of run {unit.run_id}"]),
        "gpu-2": ("draining", []),
    }
    told = next(fact for fact in facts if fact["host"] == "gpu-1")
    abilities = {name: told[name] for name in ("device", "memory_mb", "cores", "labels", "sandbox")}
    assert abilities == {"device": "cpu", "memory_mb": 40960, "cores": 16, "labels": ["large"], "sandbox": "bubblewrap"}
    table = said("workers")
    for words in ("gpu-1", "cpu", "40.0 GiB for a task", "16 cores", "labels large", "code of models: bubblewrap"):
        assert words in table


def test_silent_and_stopped_workers_are_shown_on_request() -> None:
    make_worker(host="silent", last_seen=Now() - timedelta(hours=1))
    make_worker(host="stopped", stopped_at=Now())
    assert "No worker is running" in said("workers")
    facts = json.loads(said("workers", format="json", all=True))
    assert {fact["host"]: fact["state"] for fact in facts} == {"silent": "silent", "stopped": "stopped"}
