"""Submitting and deciding, on PostgreSQL."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from evaluation.models import EvaluationRun, EvaluationUnit
from evaluation.selectors.cells import UnitCells
from leaderboard.models import ModelMeta, Origin, SourceKind, Task
from submissions.checks import Outcome, Subject
from submissions.models import Submission
from submissions.services import submissions as services
from submissions.services.assessment import assess
from submissions.services.errors import NotPossible, ReasonMissing, SubmissionRefused
from tests.factories import make_benchmark, make_model, make_result, make_task
from tests.factories_evaluation import make_run
from tests.factories_submissions import (
    COMMIT,
    make_moderator,
    make_submission,
    make_user,
    model_files,
    write_files,
)
from tests.submissions.conftest import StartHub

pytestmark = pytest.mark.django_db


def refused(**wish: Any) -> SubmissionRefused:
    with pytest.raises(SubmissionRefused) as caught:
        services.submit(submitter=make_user(), **({"model_name": "example/model"} | wish))
    return caught.value


def failed(error: SubmissionRefused) -> list[Subject]:
    return [check.name for check in error.checks if check.outcome is Outcome.ERROR]


def finish(run: EvaluationRun) -> None:
    """As if all units of the run were done."""
    for unit in run.units.select_related("task"):
        result = make_result(run.model_meta, unit.task, revision=run.revision, kind=SourceKind.RUN)
        EvaluationUnit.objects.filter(pk=unit.pk).update(state="done", result=result)
    EvaluationRun.objects.filter(pk=run.pk).update(state="done", finished_at=timezone.now())


def test_a_submission_keeps_what_was_found(hub: str) -> None:
    benchmark, single = make_benchmark(tasks=[make_task(), make_task()]), make_task()
    submission = services.submit(
        submitter=make_user("ada"),
        model_name="example/model",
        revision="main",
        benchmarks=[benchmark],
        tasks=[single],
        note="Please.",
    )
    submission.refresh_from_db()
    assert (submission.requested_revision, submission.model_revision) == ("main", COMMIT)
    assert (submission.state, submission.source_kind, submission.note) == ("pending", "hub", "Please.")
    assert submission.metadata["embed_dim"] == {"value": 8, "origin": "1_Pooling/config.json"}
    assert submission.metadata["spdx_license"] == {"value": "Apache-2.0", "origin": "model card"}
    assert [check["outcome"] for check in submission.checks] == ["ok"] * 10
    assert [*submission.benchmarks.all()] == [benchmark]
    assert [*submission.tasks.all()] == [single]


def test_nothing_is_saved_when_a_check_stops_it(start_hub: StartHub) -> None:
    start_hub({"example/model": model_files(**{"model.safetensors": None, "pytorch_model.bin": b"x"})})
    error = refused(tasks=[make_task()])
    assert failed(error) == [Subject.WEIGHTS]
    assert len(error.checks) == 10
    assert "pickle" in str(error)
    assert not Submission.objects.exists()


def test_a_model_that_cannot_be_read_is_one_failed_check(unreachable_hub: None) -> None:
    assert failed(refused(tasks=[make_task()])) == [Subject.MODEL]


def test_an_unknown_revision_fails_at_the_revision(hub: str) -> None:
    assert failed(refused(revision="v9", tasks=[make_task()])) == [Subject.REVISION]


def test_something_must_be_chosen(hub: str) -> None:
    assert failed(refused()) == [Subject.TASKS]


def test_the_same_revision_waits_only_once(hub: str) -> None:
    task = make_task()
    first = services.submit(submitter=make_user(), model_name="example/model", tasks=[task])
    error = refused(tasks=[task])
    assert failed(error) == [Subject.NEWS]
    assert f"Submission {first.pk}" in str(error)
    services.withdraw(submission=first)
    services.submit(submitter=make_user(), model_name="example/model", tasks=[task])


def test_what_waits_stops_only_those_who_ask_for_no_more(hub: str) -> None:
    common, new = make_task(), make_task(hf_subsets=["de", "en"])
    part = {new: UnitCells(None, ["de"])}
    first = services.submit(submitter=make_user(), model_name="example/model", tasks=[common], parts=part)
    assert f"Submission {first.pk}" in str(refused(tasks=[common]))
    assert f"Submission {first.pk}" in str(refused(parts=part))
    assess(model_name="example/model", tasks=[common], settings={"dtype": "float16"})
    second = services.submit(submitter=make_user(), model_name="example/model", tasks=[common, new])
    assert [check["outcome"] for check in second.checks if check["name"] == "News"] == ["warning"]
    services.edit(
        submission=first, edited_by=first.submitter, model_name="example/model", parts=part, tasks=[common, make_task()]
    )
    run = services.approve(submission=second, decided_by=make_moderator()).run
    assert run is not None
    assert {unit.task for unit in run.units.all()} == {common, new}
    left = services.approve(submission=first, decided_by=make_moderator()).run
    assert left is not None
    assert not {unit.task for unit in left.units.all()} & {common, new}


def test_what_was_evaluated_here_or_is_queued_is_not_asked_for_again(hub: str) -> None:
    evaluated, queued, fresh = make_task(), make_task(), make_task()
    meta = make_model("example/model")
    finish(make_run([evaluated], model_meta=meta, revision=COMMIT))
    run = make_run([queued], model_meta=meta, revision=COMMIT)
    assert "on everything you chose" in str(refused(tasks=[evaluated]))
    assert f"Run {run.pk}" in str(refused(tasks=[evaluated, queued]))
    submission = services.submit(submitter=make_user(), model_name="example/model", tasks=[evaluated, queued, fresh])
    assert [check["outcome"] for check in submission.checks if check["name"] == "News"] == ["warning"]
    approved = services.approve(submission=submission, decided_by=make_moderator()).run
    assert approved is not None
    assert [unit.task for unit in approved.units.all()] == [fresh]


def test_another_revision_or_changed_data_is_evaluated_anew(hub: str) -> None:
    task, changed = make_task(), make_task()
    meta = make_model("example/model")
    finish(make_run([task], model_meta=meta, revision="d" * 40))
    finish(make_run([changed], model_meta=meta, revision=COMMIT))
    changed.dataset_revision = "b" * 40
    changed.save()
    assessment = assess(model_name="example/model", tasks=[task, changed])
    assert not assessment.is_refused


def test_a_board_that_counts_more_of_a_task_than_was_run_asks_for_it_again(hub: str) -> None:
    task = make_task(hf_subsets=["en", "de"])
    narrow = make_benchmark(tasks=[task])
    narrow.benchmark_tasks.update(subsets=["en"])
    meta = make_model("example/model")
    run = make_run([task], model_meta=meta, revision=COMMIT)
    run.units.update(hf_subsets=["en"])
    assert assess(model_name="example/model", benchmarks=[narrow]).is_refused
    assert not assess(model_name="example/model", tasks=[task]).is_refused


def test_a_task_with_private_data_is_left_out(hub: str) -> None:
    public, private = make_task(), make_task(is_public=False)
    gone = make_task(in_registry=False)
    own = make_task(origin=Origin.CUSTOM, is_public=False)
    board = make_benchmark(tasks=[public, private, gone, own])
    submission = services.submit(submitter=make_user(), model_name="example/model", benchmarks=[board])
    run = services.approve(submission=submission, decided_by=make_moderator()).run
    assert run is not None
    assert {unit.task for unit in run.units.all()} == {public, own}


def test_an_approved_model_is_on_the_list_and_in_the_queue() -> None:
    submitter, moderator = make_user(), make_moderator()
    board = make_benchmark(tasks=[make_task(), make_task()])
    submission = make_submission(submitter, benchmarks=[board], model_name="example/new", model_revision=COMMIT)
    approved = services.approve(submission=submission, decided_by=moderator)
    approved.refresh_from_db()
    assert (approved.state, approved.decided_by) == ("approved", moderator)
    assert approved.decided_at is not None
    assert approved.run is not None
    assert (approved.run.revision, approved.run.requested_by, approved.run.units.count()) == (COMMIT, submitter, 2)
    meta = ModelMeta.objects.get(name="example/new")
    assert (meta.origin, meta.in_registry, meta.embed_dim, meta.open_weights) == ("results", False, 8, True)
    assert meta.reference == "https://huggingface.co/example/new"


def test_what_the_registry_says_of_a_model_stays() -> None:
    meta = make_model("example/known", embed_dim=5)
    submission = make_submission(tasks=[make_task()], model_name=meta.name)
    services.approve(submission=submission, decided_by=make_moderator())
    meta.refresh_from_db()
    assert (meta.origin, meta.embed_dim, meta.field_origins["embed_dim"]) == ("registry", 5, "registry")
    assert (meta.open_weights, meta.field_origins["open_weights"]) == (True, "weights")


def test_a_failed_approval_changes_nothing() -> None:
    task = make_task()
    submission = make_submission(tasks=[task])
    task.in_registry = False
    task.save()
    with pytest.raises(NotPossible, match="Nothing is left to run"):
        services.approve(submission=submission, decided_by=make_moderator())
    submission.refresh_from_db()
    assert submission.state == "pending"
    assert not ModelMeta.objects.exists()


def test_a_rejection_needs_a_reason() -> None:
    submission = make_submission()
    with pytest.raises(ReasonMissing):
        services.reject(submission=submission, decided_by=make_moderator(), reason="  ")
    rejected = services.reject(submission=submission, decided_by=make_moderator(), reason=" Too large. ")
    rejected.refresh_from_db()
    assert (rejected.state, rejected.reason) == ("rejected", "Too large.")


@pytest.mark.django_db(transaction=True)
def test_two_who_submit_in_the_same_moment_are_told_apart(hub: str) -> None:
    task, first, second = make_task(), make_user(), make_user()
    with ThreadPoolExecutor() as pool, transaction.atomic():
        services.submit(submitter=first, model_name="example/model", tasks=[task])
        waiting = pool.submit(_submit_in_thread, second, task)  # It cannot see the first, which is not committed yet.
        _wait_for_a_blocked_query()
    assert "asks for this revision on what you chose" in str(waiting.exception())
    assert [submission.submitter for submission in Submission.objects.all()] == [first]


@pytest.mark.django_db(transaction=True)
def test_two_that_are_approved_in_the_same_moment_do_not_both_run_what_they_share() -> None:
    common, moderator = make_task(), make_moderator()
    rows = [
        make_submission(model_name="example/model", model_revision=COMMIT, tasks=[common, make_task()])
        for _ in range(2)
    ]
    with ThreadPoolExecutor() as pool, transaction.atomic():
        services.approve(submission=rows[0], decided_by=moderator)
        waiting = pool.submit(_approve_in_thread, rows[1], moderator)  # It cannot see the units of the first yet.
        _wait_for_a_blocked_query()
    waiting.result()
    assert EvaluationUnit.objects.filter(task=common).count() == 1
    assert EvaluationUnit.objects.count() == 3


def _approve_in_thread(submission: Submission, moderator: User) -> None:
    try:
        services.approve(submission=submission, decided_by=moderator)
    finally:
        connection.close()


def _submit_in_thread(submitter: User, task: Task) -> None:
    try:
        services.submit(submitter=submitter, model_name="example/model", tasks=[task])
    finally:
        connection.close()


def _wait_for_a_blocked_query() -> None:
    blocked = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_stat_clear_snapshot()")
            cursor.execute(blocked)
            if cursor.fetchone() != (0,):
                return
        time.sleep(0.05)
    raise AssertionError("Nobody waits for the lock.")


@pytest.mark.parametrize("state", ["approved", "rejected", "withdrawn"])
def test_what_was_decided_cannot_be_decided_again(state: str) -> None:
    moderator = make_moderator()
    submission = make_submission(tasks=[make_task()])
    match state:
        case "approved":
            services.approve(submission=submission, decided_by=moderator)
        case "rejected":
            services.reject(submission=submission, decided_by=moderator, reason="No.")
        case _:
            services.withdraw(submission=submission)
    with pytest.raises(NotPossible, match=f"it is {state}"):
        services.approve(submission=submission, decided_by=moderator)
    with pytest.raises(NotPossible, match=f"it is {state}"):
        services.reject(submission=submission, decided_by=moderator, reason="No.")


def test_withdrawing_stops_the_evaluation() -> None:
    moderator = make_moderator()
    submission = make_submission(tasks=[make_task()])
    run = services.approve(submission=submission, decided_by=moderator).run
    assert run is not None
    withdrawn = services.withdraw(submission=submission)
    run.refresh_from_db()
    withdrawn.refresh_from_db()
    assert run.state == "cancelled"
    assert (withdrawn.state, withdrawn.decided_by, withdrawn.run) == ("withdrawn", moderator, run)
    with pytest.raises(NotPossible, match="cannot be withdrawn"):
        services.withdraw(submission=submission)


def test_a_finished_evaluation_cannot_be_withdrawn() -> None:
    submission = make_submission(tasks=[make_task()])
    run = services.approve(submission=submission, decided_by=make_moderator()).run
    assert run is not None
    finish(run)
    with pytest.raises(NotPossible, match="cannot be withdrawn"):
        services.withdraw(submission=submission)


def test_a_model_in_a_folder_is_evaluated_from_there(tmp_path: Path) -> None:
    folder = write_files(tmp_path / "model", model_files())
    submission = services.submit(
        submitter=make_user(), model_name="house/model", local_path=str(folder), tasks=[make_task()]
    )
    run = services.approve(submission=submission, decided_by=make_moderator()).run
    assert run is not None
    assert run.pinned_by_content
    assert run.model_meta.local_path == str(folder)
    assert run.model_meta.open_weights is None


def test_the_name_of_a_model_in_a_folder_is_taken(hub: str, tmp_path: Path) -> None:
    make_model("example/model", local_path=str(tmp_path))
    error = refused(tasks=[make_task()])
    assert failed(error) == [Subject.NEWS]
    assert "keeps in a folder" in str(error)


@pytest.mark.parametrize(
    ("constraint", "fields"),
    [
        ("a_submission_names_model_and_revision", {"model_name": ""}),
        ("only_a_local_submission_has_a_folder", {"local_path": "/models/x"}),
        ("only_a_local_submission_has_a_folder", {"source_kind": "local_folder"}),
        ("a_decided_submission_has_a_decider", {"state": "rejected", "reason": "No."}),
        ("a_rejected_submission_has_a_reason", {"state": "rejected"}),
        ("a_rejected_submission_has_a_reason", {"reason": "Why not."}),
        ("a_withdrawn_submission_says_when", {"state": "withdrawn"}),
        ("a_pending_submission_is_undecided", {"decided_at": timezone.now()}),
        ("an_approved_submission_has_a_run", {"state": "approved"}),
    ],
)
def test_the_database_refuses_a_submission_that_makes_no_sense(constraint: str, fields: dict[str, Any]) -> None:
    user: User = make_user()
    if fields.get("state") == "approved" or constraint == "a_rejected_submission_has_a_reason":
        fields = {"decided_by": user, "decided_at": timezone.now()} | fields
        if fields.get("reason"):
            fields |= {"state": "approved", "run": make_run()}
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        make_submission(user, **fields)


def test_a_pending_submission_has_no_run() -> None:
    with pytest.raises(IntegrityError, match="an_unapproved_submission_has_no_run"), transaction.atomic():
        make_submission(run=make_run())
