"""Why an evaluation failed: the class decides whether it is tried again, the message is for the submitter.

No Django and no heavy import here: the evaluating process uses it too. Exceptions of libraries are recognised by the
names of their classes, so that none of those libraries has to be imported to look.
"""

from __future__ import annotations

import errno
import traceback
from dataclasses import dataclass
from enum import StrEnum
from types import FrameType

MESSAGE_LIMIT = 500


class FailureClass(StrEnum):
    DOWNLOAD = "download"
    MEMORY = "memory"
    TIME = "time"
    MODEL_CODE = "model_code"
    TASK = "task"
    INFRASTRUCTURE = "infrastructure"


class Stage(StrEnum):
    """What the evaluating process was doing."""

    MODEL = "loading the model"
    TASK = "preparing the task"
    EVALUATION = "evaluating"


@dataclass(frozen=True)
class Failure:
    """A failed attempt. `final`: another attempt would fail the same way; `whole_run`: so would every other task."""

    failure_class: FailureClass
    message: str
    final: bool = False
    whole_run: bool = False


class ModelRefused(Exception):
    """The model cannot be evaluated here; the message says why."""


_MISSING = {"RepositoryNotFoundError", "RevisionNotFoundError", "EntryNotFoundError", "DatasetNotFoundError"}
_FORBIDDEN = {"GatedRepoError", "DisabledRepoError"}
_NETWORK = {
    "HfHubHTTPError",
    "HTTPStatusError",
    "TransportError",
    "LocalEntryNotFoundError",
    "OfflineModeIsEnabled",
    "RequestException",
    "ConnectionError",
    "TimeoutError",
    "FileDownloadError",
    "IncompleteRead",
}
_OUT_OF_MEMORY_WORDS = ("out of memory", "can't allocate memory", "cannot allocate memory", "not enough memory")
_NETWORK_WORDS = ("couldn't connect to", "couldn't reach", "max retries exceeded", "can't load the model for")


def describe(error: BaseException, stage: Stage) -> Failure:
    """Class and words for an exception of the evaluating process."""
    chain = _causes(error)
    names = {base.__name__ for cause in chain for base in type(cause).__mro__}
    words = " ".join(str(cause) for cause in chain).lower()
    whole_run = stage is Stage.MODEL
    if isinstance(error, ModelRefused):
        return Failure(FailureClass.MODEL_CODE, str(error), final=True, whole_run=True)
    if names & {"MemoryError", "OutOfMemoryError"} or any(word in words for word in _OUT_OF_MEMORY_WORDS):
        return Failure(FailureClass.MEMORY, f"The machine ran out of memory while {stage}.", whole_run=whole_run)
    if any(isinstance(cause, OSError) and cause.errno in {errno.ENOSPC, errno.EDQUOT} for cause in chain):
        return Failure(FailureClass.INFRASTRUCTURE, f"The worker's disk is full: {_first_line(error)}")
    if names & _FORBIDDEN:
        what = "model" if stage is Stage.MODEL else "dataset"
        message = f"The {what} is gated or disabled on the Hub; ask for access for this board: {_first_line(error)}"
        return Failure(FailureClass.DOWNLOAD, message, final=True, whole_run=whole_run)
    if names & _MISSING and "LocalEntryNotFoundError" not in names:
        return Failure(
            FailureClass.DOWNLOAD, f"Not found on the Hub: {_first_line(error)}", final=True, whole_run=whole_run
        )
    if names & _NETWORK or any(word in words for word in _NETWORK_WORDS):
        return Failure(FailureClass.DOWNLOAD, f"A download failed while {stage}: {_first_line(error)}")
    if "trust_remote_code" in words:
        what = "model" if stage is Stage.MODEL else "dataset"
        message = f"The {what} needs code of its own (trust_remote_code), which this board does not run."
        failure_class = FailureClass.MODEL_CODE if stage is Stage.MODEL else FailureClass.TASK
        return Failure(failure_class, message, final=True, whole_run=whole_run)
    if stage is Stage.MODEL:
        message = f"The model could not be loaded: {_summary(error)}"
        return Failure(FailureClass.MODEL_CODE, message, final=True, whole_run=True)
    if stage is Stage.EVALUATION and _raised_in_model(error):
        return Failure(FailureClass.MODEL_CODE, f"The model failed while encoding: {_summary(error)}", final=True)
    return Failure(FailureClass.TASK, f"The task failed while {stage}: {_summary(error)}", final=True)


def describe_exit(return_code: int) -> Failure:
    """Words for an evaluating process that ended without saying why. A negative code is a signal."""
    if return_code == -9:
        message = "The system killed the evaluating process, most likely because memory ran out."
        return Failure(FailureClass.MEMORY, message)
    if return_code < 0:
        message = f"The evaluating process crashed (signal {-return_code})."
    else:
        message = f"The evaluating process ended unexpectedly (exit code {return_code})."
    return Failure(FailureClass.INFRASTRUCTURE, message)


def _causes(error: BaseException) -> list[BaseException]:
    chain: list[BaseException] = []
    current: BaseException | None = error
    while current is not None and current not in chain:
        chain.append(current)
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
    return chain


def _raised_in_model(error: BaseException) -> bool:
    frames: list[FrameType] = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    return any(
        str(frame.f_globals.get("__name__", "")).split(".")[0] in {"sentence_transformers", "transformers"}
        for frame in frames
    )


def _first_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines[0] if lines else type(error).__name__)[:MESSAGE_LIMIT]


def _summary(error: BaseException) -> str:
    """The message with the kind of error, which our own errors do without: they speak in sentences."""
    line = _first_line(error)
    if type(error).__module__.startswith("evaluation."):
        return line
    return line if line == type(error).__name__ else f"{type(error).__name__}: {line}"
