"""Submissions whose evaluation has gone some way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone

from evaluation.capabilities import Capabilities
from evaluation.models import EvaluationUnit, Worker
from evaluation.services.workers import start_worker
from leaderboard.models import CurrentResult, Task
from leaderboard.services.task_rows import publish_task_rows
from submissions.models import Submission
from submissions.services.submissions import approve
from tests.factories import make_model, make_result
from tests.factories_submissions import make_submission, make_user


def make_approved(
    tasks: list[Task], *, submitter: User | None = None, by: User | None = None, **fields: Any
) -> Submission:
    submission = make_submission(submitter, tasks=tasks, **fields)
    return approve(submission=submission, decided_by=by or make_user())


def finish_units(submission: Submission, scores: Mapping[str, float]) -> None:
    """The tasks of that name are done, with that score."""
    run = submission.run
    assert run is not None
    for unit in run.units.select_related("task").filter(task__name__in=scores):
        result = make_result(
            run.model_meta, unit.task, scores[unit.task.name], revision=submission.model_revision, current_in=()
        )
        EvaluationUnit.objects.filter(pk=unit.pk).update(
            state=EvaluationUnit.State.DONE, result=result, finished_at=timezone.now()
        )


def make_worker(label: str) -> Worker:
    offers = Capabilities(device="cpu", device_name="", memory_mb=1000, cores=1, labels=[label], sandbox="")
    return start_worker(host="gpu1", queue="gpu", pid=1, capabilities=offers)


def make_competitors(tasks: list[Task], n: int = 10, *, n_parameters: int = 50_000_000) -> None:
    """Models of one size with scores from 0.40 on."""
    for number in range(n):
        model_meta = make_model(n_parameters=n_parameters)
        for place, task in enumerate(tasks):
            result = make_result(model_meta, task, 0.4 + 0.01 * ((number + 3 * place) % n), current_in=())
            CurrentResult.objects.create(result=result, variant=result.variant, task=task, all_part=0)
    publish_task_rows(tasks=[task.pk for task in tasks])
