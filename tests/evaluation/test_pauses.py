"""The queue, paused by a moderator and opened again."""

from __future__ import annotations

import pytest
from django_q.models import OrmQ
from pytest_django import DjangoCaptureOnCommitCallbacks

from evaluation.selectors.pauses import current_pause, queue_is_paused
from evaluation.services import claims
from evaluation.services.pauses import pause_queue, resume_queue
from evaluation.services.runs import EvaluationError
from evaluation.services.waking import wake_if_claimable
from leaderboard.models import AuditEntry
from tests.factories_evaluation import claimed_unit, make_run
from tests.factories_submissions import make_user

pytestmark = pytest.mark.django_db


def test_the_queue_is_paused_with_a_reason_and_opened_again(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    assert not queue_is_paused()
    moderator = make_user("mo")
    pause_queue(started_by=moderator, reason=" New disks. ")
    pause = current_pause()
    assert queue_is_paused()
    assert pause is not None
    assert (pause.reason, pause.started_by) == ("New disks.", moderator)
    with django_capture_on_commit_callbacks(execute=True):
        resume_queue(ended_by=moderator)
    assert not queue_is_paused()
    assert current_pause() is None
    assert OrmQ.objects.count() == 1
    assert [(entry.action, entry.actor, entry.reason) for entry in AuditEntry.objects.order_by("pk")] == [
        ("paused the queue", moderator, "New disks."),
        ("opened the queue", moderator, ""),
    ]


def test_a_pause_that_is_there_or_says_nothing_is_refused() -> None:
    moderator = make_user()
    with pytest.raises(EvaluationError, match="Say why"):
        pause_queue(started_by=moderator, reason=" ")
    with pytest.raises(EvaluationError, match="not paused"):
        resume_queue(ended_by=moderator)
    pause_queue(started_by=moderator, reason="New disks.")
    with pytest.raises(EvaluationError, match="paused already"):
        pause_queue(started_by=moderator, reason="More disks.")


def test_workers_take_nothing_new_in_a_pause_and_nobody_wakes_them() -> None:
    moderator = make_user()
    at_work = claimed_unit(make_run(2))
    pause_queue(started_by=moderator, reason="New disks.")
    assert claims.claim() is None
    assert not wake_if_claimable()
    claims.heartbeat(unit=at_work, progress="evaluating")
    resume_queue(ended_by=moderator)
    assert wake_if_claimable()
    assert claims.claim() is not None
