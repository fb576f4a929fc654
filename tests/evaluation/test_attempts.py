"""The log of every attempt, and how it ended."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from pytest_django.fixtures import Settings

from evaluation.failures import Failure, FailureClass
from evaluation.jobs import delete_what_is_old
from evaluation.logs.redaction import LOG_LIMIT
from evaluation.models import AttemptLog, EvaluationUnit
from evaluation.services import claims
from evaluation.services.attempts import record_attempt
from evaluation.services.runs import cancel_run
from tests.factories import make_task, result_json
from tests.factories_evaluation import claimed_unit, let_lease_run_out, make_claimable_now, make_run, make_worker

pytestmark = pytest.mark.django_db
Outcome = AttemptLog.Outcome


def test_attempts_are_numbered_and_say_where_they_ran_and_why_they_failed() -> None:
    unit = claimed_unit(worker=make_worker(host="gpu-1"))
    failure = Failure(FailureClass.DOWNLOAD, "The Hub did not answer.")
    first = record_attempt(unit=unit, outcome=Outcome.FAILED, failure=failure, text="connecting\n")
    second = record_attempt(unit=unit, outcome=Outcome.DONE, text="finished\n")
    assert (first.number, first.worker_host, first.failure_label) == (1, "gpu-1", "Download")
    assert (first.error, first.text) == ("The Hub did not answer.", "connecting\n")
    assert (second.number, second.failure_label, second.error) == (2, "", "")
    second.refresh_from_db()
    assert second.ended_at >= second.started_at


def test_without_a_text_the_log_of_the_last_heartbeat_is_kept() -> None:
    unit = claimed_unit()
    claims.heartbeat(unit=unit, progress="evaluating", log="half way\n")
    attempt = record_attempt(unit=unit, outcome=Outcome.LOST)
    assert attempt.text == "half way\n"
    assert attempt.worker_host == unit.owner.rpartition(":")[0] != ""


def test_old_logs_of_earlier_attempts_are_deleted_and_the_last_one_never(settings: Settings) -> None:
    unit, other = claimed_unit(), claimed_unit()
    for text in ("first\n", "second\n", "third\n"):
        record_attempt(unit=unit, outcome=Outcome.LOST, text=text)
    record_attempt(unit=other, outcome=Outcome.DONE, text="only\n")
    AttemptLog.objects.exclude(text="second\n").update(
        started_at=Now() - timedelta(days=40), ended_at=Now() - timedelta(days=31)
    )
    settings.KEEP_ATTEMPTS_DAYS = 0
    assert delete_what_is_old() == 0
    settings.KEEP_ATTEMPTS_DAYS = 30
    assert delete_what_is_old() == 1
    assert sorted(AttemptLog.objects.values_list("text", flat=True)) == ["only\n", "second\n", "third\n"]
    assert record_attempt(unit=unit, outcome=Outcome.DONE, text="fourth\n").number == 4


def test_a_long_log_keeps_its_end() -> None:
    attempt = record_attempt(unit=claimed_unit(), outcome=Outcome.DONE, text="early\n" + "x" * 99 + "\n" * LOG_LIMIT)
    assert len(attempt.text) <= LOG_LIMIT
    assert "early" not in attempt.text


def test_the_database_wants_a_reason_for_a_failure() -> None:
    unit = claimed_unit()
    with pytest.raises(IntegrityError, match="a_failed_attempt_says_why"), transaction.atomic():
        record_attempt(unit=unit, outcome=Outcome.FAILED)
    assert not AttemptLog.objects.exists()
    assert EvaluationUnit.objects.get().state == EvaluationUnit.State.RUNNING


def outcomes(unit: EvaluationUnit) -> list[tuple[int, str, str]]:
    return list(unit.attempt_logs.order_by("number").values_list("number", "outcome", "text"))


def test_every_way_in_which_an_attempt_ends_leaves_its_log() -> None:
    worker = make_worker()
    unit = claimed_unit(worker=worker)
    claims.fail_unit(unit=unit, failure=Failure(FailureClass.DOWNLOAD, "The Hub did not answer."), log="one\n")
    make_claimable_now(unit)
    unit = claimed_unit(unit.run, worker)
    claims.heartbeat(unit=unit, progress="evaluating", log="two\n")
    claims.hand_back_unit(unit=unit)
    unit = claimed_unit(unit.run, worker)
    claims.heartbeat(unit=unit, progress="evaluating", log="three\n")
    claims.hand_back_units_of(worker=worker, count_attempt=True)
    unit = claimed_unit(unit.run, worker)
    claims.heartbeat(unit=unit, progress="evaluating", log="four\n")
    let_lease_run_out(unit)
    unit = claimed_unit(unit.run, worker)
    claims.heartbeat(unit=unit, progress="evaluating", log="five\n")
    cancel_run(run=unit.run)
    assert outcomes(unit) == [
        (1, "failed", "one\n"),
        (2, "handed_back", "two\n"),
        (3, "lost", "three\n"),
        (4, "lost", "four\n"),
        (5, "cancelled", "five\n"),
    ]


def test_a_finished_attempt_leaves_its_log_with_its_result() -> None:
    unit = claimed_unit(make_run([make_task("Done")]))
    payload = result_json(unit.task, {"test": {"default": 0.5}})
    claims.finish_unit(unit=unit, payload=payload, environment={}, log="finished\n")
    assert outcomes(unit) == [(1, "done", "finished\n")]


def test_who_lost_the_claim_leaves_nothing() -> None:
    unit = claimed_unit()
    let_lease_run_out(unit)
    again = claimed_unit(unit.run)
    claims.hand_back_unit(unit=unit)
    with pytest.raises(claims.ClaimLost):
        claims.fail_unit(unit=unit, failure=Failure(FailureClass.TASK, "Broken."), log="of the dead\n")
    assert outcomes(again) == [(1, "lost", "")]
