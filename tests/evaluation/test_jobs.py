"""What django-q2 calls."""

from __future__ import annotations

import tempfile
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django_q.models import OrmQ

from evaluation import jobs
from evaluation.models import AttemptLog, EvaluationUnit, Worker
from evaluation.services import claims, credentials
from tests.factories_evaluation import claimed_unit, make_run, make_worker

State = EvaluationUnit.State


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


@pytest.mark.django_db
def test_a_host_that_cannot_start_an_evaluation_hands_it_back_and_rests(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, client: Client
) -> None:
    worker, run = make_worker(), make_run(2)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    assert jobs.evaluate_claimable(worker) == 0
    first, second = run.units.order_by("pk")
    assert (first.state, first.attempts, first.lost_claims) == (State.QUEUED, 0, 0)
    assert first.error == "The evaluating process could not be started: No such file or directory."
    assert AttemptLog.objects.get().text == f"{first.error}\n"
    assert (second.state, second.attempts) == (State.QUEUED, 0)

    assert claims.claim(worker=worker) is None
    out = StringIO()
    call_command("workers", stdout=out)
    assert "resting: The evaluating process could not be started" in out.getvalue()
    for page in (run.get_absolute_url(), "/queue/"):
        assert first.error in client.get(page).content.decode()
    assert claimed_unit(run, make_worker(host="elsewhere")) == second


@pytest.mark.django_db
def test_a_token_that_cannot_be_read_any_more_ends_the_run_with_the_reason(settings: Any) -> None:
    settings.CREDENTIAL_KEYS = ["one"]
    run = make_run(2)
    credentials.hand_over_credential(credential=credentials.keep_credential(token="hf_secret"), run=run)
    settings.CREDENTIAL_KEYS = ["other"]
    jobs.evaluate_claimable(make_worker())
    assert {(unit.state, unit.failure_class) for unit in run.units.all()} == {(State.FAILED, "infrastructure")}
    assert all("submit it again with the token" in unit.error for unit in run.units.all())


@pytest.mark.django_db
def test_what_nobody_foresaw_is_a_failure_of_its_unit_with_words(settings: Any) -> None:
    settings.CREDENTIAL_KEYS = ["one"]
    run = make_run()
    credentials.hand_over_credential(credential=credentials.keep_credential(token="no\0token"), run=run)
    assert jobs.evaluate_claimable(make_worker()) == 1
    unit = run.units.get()
    assert (unit.state, unit.failure_class, unit.attempts) == (State.QUEUED, "infrastructure", 1)
    assert unit.error == "The worker could not attend to this task (ValueError: embedded null byte)."
