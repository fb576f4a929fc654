"""Reports as they are gathered from the database, kept, and computed again when results arrive."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from evaluation.models import EvaluationRun
from leaderboard.models import Task
from submissions.jobs import refresh_plausibility
from submissions.models import PlausibilityReport, Submission
from submissions.services.plausibility import report_plausibility
from submissions.services.submissions import submit
from tests.factories import make_benchmark, make_model, make_task
from tests.factories_moderation import finish_units, make_approved, make_competitors
from tests.factories_submissions import make_submission, make_user

pytestmark = pytest.mark.django_db

SIZE = {"n_parameters": {"value": 30_000_000, "origin": "safetensors header"}}


@pytest.fixture
def tasks() -> list[Task]:
    return [make_task(name) for name in ("One", "Two", "Three")]


def kinds_of(submission: Submission) -> list[str]:
    return PlausibilityReport.objects.get(submission=submission).kinds


def test_a_submission_has_its_report_from_the_first_moment(hub: str) -> None:
    submission = submit(submitter=make_user(), model_name="example/model", tasks=[make_task()])
    assert kinds_of(submission) == ["training_unknown", "first_submission"]
    assert submission.plausibility.size_class == "under 100M"


def test_facts_come_from_the_submission_and_from_what_the_board_knows(tasks: list[Task]) -> None:
    make_model("example/model", contaminated_tasks=["Two", "Elsewhere"])
    make_model("other/Model")
    submitter = make_user()
    make_submission(submitter)
    submission = make_submission(
        submitter,
        model_name="example/model",
        benchmarks=[make_benchmark("Board", tasks)],
        metadata=SIZE | {"spdx_license": {"value": "MIT", "origin": "model card"}},
        checks=[{"name": "Code", "outcome": "warning", "sentence": "It needs code."}],
    )
    report = report_plausibility(submission=submission)
    assert [(finding["kind"], finding["sentence"]) for finding in report.findings] == [
        ("remote_code", "It needs code."),
        ("same_name", "The board knows the same name elsewhere: other/Model."),
        ("trained_on_tasks", "Its training data covers 1 of the 3 tasks that were asked for: Two."),
        ("no_card", "There is no model card, or none whose front matter says anything of the model."),
    ]
    assert [finding["kind"] for finding in report.for_submitter] == ["remote_code", "trained_on_tasks", "no_card"]


def test_results_are_held_against_the_models_of_the_size(tasks: list[Task]) -> None:
    make_competitors(tasks)
    submission = make_approved(tasks, metadata=SIZE)
    finish_units(submission, {"One": 0.95, "Two": 0.45})
    report = report_plausibility(submission=submission)
    assert report.kinds[:2] == ["beats_best", "high_for_size"]
    assert report.findings[0]["lines"][0].startswith("One: 95.00; the best so far is 49.00 of ")
    assert report.n_results == 2


def test_a_result_on_a_part_of_a_task_is_held_against_nothing(tasks: list[Task]) -> None:
    wide = make_task("Wide", hf_subsets=["a", "b"])
    make_competitors([wide])
    make_competitors(tasks)
    Task.objects.filter(pk=wide.pk).update(hf_subsets=["a"])
    submission = make_approved([wide], metadata=SIZE)
    Task.objects.filter(pk=wide.pk).update(hf_subsets=["b"])
    finish_units(submission, {"Wide": 0.99})
    Task.objects.filter(pk=wide.pk).update(hf_subsets=["a"])
    assert "beats_best" not in report_plausibility(submission=submission).kinds


def test_the_models_own_results_are_no_competition(tasks: list[Task]) -> None:
    make_competitors(tasks)
    first = make_approved(tasks, model_name="example/model", metadata=SIZE)
    finish_units(first, dict.fromkeys(("One", "Two", "Three"), 0.45))
    again = make_approved(tasks, model_name="example/model", metadata=SIZE)
    finish_units(again, dict.fromkeys(("One", "Two", "Three"), 0.45))
    assert "same_scores" not in report_plausibility(submission=again).kinds


def test_the_job_looks_again_as_results_arrive_and_rests_when_there_is_nothing_new(tasks: list[Task]) -> None:
    make_competitors(tasks)
    submission = make_approved(tasks, metadata=SIZE)
    assert refresh_plausibility() == 1
    assert refresh_plausibility() == 0
    assert "beats_best" not in kinds_of(submission)
    finish_units(submission, {"One": 0.95})
    assert refresh_plausibility() == 1
    assert "beats_best" in kinds_of(submission)
    assert refresh_plausibility() == 0


def test_a_report_that_cannot_be_worked_out_does_not_stop_the_others(
    tasks: list[Task], caplog: pytest.LogCaptureFixture
) -> None:
    broken, whole = make_submission(tasks=tasks, parts={"One": {}}), make_submission(tasks=tasks)
    assert refresh_plausibility() == 1
    assert list(PlausibilityReport.objects.values_list("submission", flat=True)) == [whole.pk]
    assert f"The plausibility of {broken} could not be worked out" in caplog.text


def test_runs_that_ended_long_ago_are_left_alone(tasks: list[Task]) -> None:
    submission = make_approved(tasks)
    refresh_plausibility()
    finish_units(submission, {"One": 0.95})
    long_ago = timezone.now() - timedelta(days=3)
    EvaluationRun.objects.update(state=EvaluationRun.State.DONE, finished_at=long_ago)
    assert refresh_plausibility() == 0
