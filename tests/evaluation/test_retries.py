"""What follows from a failed attempt."""

from __future__ import annotations

from datetime import timedelta

import pytest

from evaluation.failures import Failure, FailureClass
from evaluation.retries import WAITS, Attempt, Next, after

OUT_OF_MEMORY = Failure(FailureClass.MEMORY, "Out of memory.")


@pytest.mark.parametrize("failure_class", list(FailureClass))
def test_what_is_final_stays_failed(failure_class: FailureClass) -> None:
    failure = Failure(failure_class, "It failed.", final=True)
    assert after(failure, Attempt(1, 32)) == Next(failure)


@pytest.mark.parametrize("failure_class", [FailureClass.DOWNLOAD, FailureClass.INFRASTRUCTURE])
def test_waits_grow_until_the_failure_stands(failure_class: FailureClass) -> None:
    failure = Failure(failure_class, "It failed.")
    waits = [after(failure, Attempt(number, 32)).again for number in range(1, len(WAITS[failure_class]) + 2)]
    assert waits[-1] is None
    assert waits[:-1] == sorted(WAITS[failure_class])
    assert len(set(waits)) == len(waits)


@pytest.mark.parametrize("failure_class", [FailureClass.TIME, FailureClass.MODEL_CODE, FailureClass.TASK])
def test_another_attempt_would_not_help(failure_class: FailureClass) -> None:
    assert after(Failure(failure_class, "It failed."), Attempt(1, 32)).again is None


def test_memory_gets_half_the_batch_at_once_however_often_it_takes() -> None:
    batch_size = 32
    seen: list[int] = []
    while following := after(OUT_OF_MEMORY, Attempt(len(seen) + 1, batch_size)).batch_size:
        batch_size = following
        seen.append(following)
    assert seen == [16, 8, 4, 2, 1]
    assert after(OUT_OF_MEMORY, Attempt(1, 32)).again == timedelta()


def test_a_model_that_does_not_fit_needs_a_bigger_worker_at_once() -> None:
    failure = Failure(FailureClass.MEMORY, "Out of memory.", whole_run=True)
    following = after(failure, Attempt(1, 32, memory_mb=8000, more_memory_mb=80000))
    assert (following.again, following.batch_size, following.needs_memory_mb) == (timedelta(), None, 8001)


def test_who_is_killed_while_loading_is_tried_again_here_once() -> None:
    failure = Failure(FailureClass.MEMORY, "Killed.", whole_run=True, is_guess=True)
    first, second = (after(failure, Attempt(number, 32, memory_mb=8000)) for number in (1, 2))
    assert (first.again, first.batch_size, second.again) == (timedelta(), None, None)


def test_without_a_bigger_worker_the_submitter_reads_how_much_there_was() -> None:
    following = after(OUT_OF_MEMORY, Attempt(6, 1, memory_mb=8000))
    assert following.again is None
    assert following.failure.message == "Out of memory. It had 8,000 MiB, and no worker here has more."
