"""What follows from a failed attempt: another one, when, and with which batch size. No Django here."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from evaluation.failures import Failure, FailureClass

WAITS = {
    FailureClass.DOWNLOAD: (timedelta(seconds=30), timedelta(minutes=2), timedelta(minutes=10), timedelta(minutes=30)),
    FailureClass.INFRASTRUCTURE: (timedelta(seconds=30), timedelta(minutes=5)),
}
"""How long to wait before the second, third, … attempt; after the last of them the failure stands."""

LOST_CLAIMS = 3
"""So often may the worker itself be gone in the middle before the task is held responsible."""


@dataclass(frozen=True)
class Attempt:
    """A failed attempt: its number among those that failed alike, texts at a time, memory of its worker (MiB).

    `more_memory_mb` is that of the largest living worker, where it is more.
    """

    number: int
    batch_size: int
    memory_mb: int | None = None
    more_memory_mb: int | None = None


@dataclass(frozen=True)
class Next:
    """`again` is None where the failure stands; `failure` has the words for the submitter."""

    failure: Failure
    again: timedelta | None = None
    batch_size: int | None = None
    needs_memory_mb: int | None = None


def after(failure: Failure, attempt: Attempt) -> Next:
    """Downloads and infrastructure wait, memory gets half the batch and then a bigger worker, all else is final."""
    if failure.final:
        return Next(failure)
    if failure.failure_class is FailureClass.MEMORY:
        return _with_more_room(failure, attempt)
    waits = WAITS.get(failure.failure_class, ())
    return Next(failure, waits[attempt.number - 1] if attempt.number <= len(waits) else None)


def _with_more_room(failure: Failure, attempt: Attempt) -> Next:
    """A smaller batch is no help while the model is loaded: `whole_run` says that it was.

    Whoever is killed then may have been killed by anybody, so it is tried again here once.
    """
    if failure.whole_run and failure.is_guess and attempt.number == 1:
        return Next(failure, timedelta())
    if attempt.batch_size > 1 and not failure.whole_run:
        return Next(failure, timedelta(), batch_size=attempt.batch_size // 2)
    if attempt.memory_mb is not None and attempt.more_memory_mb is not None:
        return Next(failure, timedelta(), needs_memory_mb=attempt.memory_mb + 1)
    had = "" if attempt.memory_mb is None else f" It had {attempt.memory_mb:,} MiB, and no worker here has more."
    return Next(replace(failure, message=f"{failure.message}{had}"))
