"""Why an evaluation failed: the class decides whether it is tried again, the message is for the submitter.

No Django and no heavy import here: the evaluating process uses it too. Exceptions of libraries are recognised by the
names of their classes, so that none of those libraries has to be imported to look.
"""

from __future__ import annotations

import errno
import signal
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
    TRIAL = "trying the model on a mock task"
    TASK = "preparing the task"
    EVALUATION = "evaluating"


@dataclass(frozen=True)
class Failure:
    """A failed attempt. `final`: another attempt would fail the same way; `whole_run`: so would every other task.

    `is_guess`: something else may have been the reason, so the first time proves nothing.
    """

    failure_class: FailureClass
    message: str
    final: bool = False
    whole_run: bool = False
    is_guess: bool = False


class ModelRefused(Exception):
    """The model cannot be evaluated here; the message says why."""


class ModelBroken(Exception):
    """The model does not do what a model does; the message says what it did instead."""


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
_NETWORK_WORDS = (
    "localentrynotfounderror",
    "couldn't connect to",
    "couldn't reach",
    "max retries exceeded",
    "can't load the model for",
)


@dataclass(frozen=True)
class _Seen:
    """An exception with those behind it. `names` are those of their classes, `words` what they say, in lower case."""

    error: BaseException
    stage: Stage
    chain: list[BaseException]
    names: set[str]
    words: str

    @property
    def whole_run(self) -> bool:
        """Whether the model is at fault, or was to be fetched, so that no task of the run can succeed."""
        return self.stage in {Stage.MODEL, Stage.TRIAL}

    @property
    def subject(self) -> str:
        return "model" if self.stage is Stage.MODEL else "dataset"

    @property
    def line(self) -> str:
        return _first_line(self.error)

    @property
    def status(self) -> int | None:
        """What the Hub answered, if it did."""
        statuses = (getattr(getattr(cause, "response", None), "status_code", None) for cause in self.chain)
        return next((status for status in statuses if isinstance(status, int)), None)

    def has_errno(self, *numbers: int) -> bool:
        return any(isinstance(cause, OSError) and cause.errno in numbers for cause in self.chain)


def describe(error: BaseException, stage: Stage) -> Failure:
    """Class and words for an exception of the evaluating process."""
    chain = _causes(error)
    seen = _Seen(
        error,
        stage,
        chain,
        names={base.__name__ for cause in chain for base in type(cause).__mro__},
        words=" ".join(str(cause) for cause in chain).lower(),
    )
    for rule in (_in_its_own_words, _out_of_memory, _beyond_limits, _hub_refuses, _hub_fails, _needs_code):
        if failure := rule(seen):
            return failure
    return _fault_of_stage(seen)


def _in_its_own_words(seen: _Seen) -> Failure | None:
    if isinstance(seen.error, ModelRefused):
        return Failure(FailureClass.MODEL_CODE, str(seen.error), final=True, whole_run=True)
    if isinstance(seen.error, ModelBroken):
        return Failure(FailureClass.MODEL_CODE, str(seen.error), final=True, whole_run=seen.whole_run)
    return None


def _out_of_memory(seen: _Seen) -> Failure | None:
    if seen.names & {"MemoryError", "OutOfMemoryError"} or any(word in seen.words for word in _OUT_OF_MEMORY_WORDS):
        message = f"The machine ran out of memory while {seen.stage}."
        return Failure(FailureClass.MEMORY, message, whole_run=seen.whole_run)
    return None


def _beyond_limits(seen: _Seen) -> Failure | None:
    if seen.has_errno(errno.ENOSPC, errno.EDQUOT):
        return Failure(FailureClass.INFRASTRUCTURE, f"The worker's disk is full: {seen.line}")
    if seen.has_errno(errno.EFBIG):
        return too_much("wrote a file larger than this board allows")
    if "BlockingIOError" in seen.names and "resource temporarily unavailable" in seen.words:
        return too_much("started more processes than this board allows")
    return None


def too_much(what: str) -> Failure:
    """For an evaluation that takes more of its host than it may."""
    return Failure(FailureClass.MODEL_CODE, f"The evaluation {what}, so it was stopped.", final=True, whole_run=True)


def _hub_refuses(seen: _Seen) -> Failure | None:
    if seen.names & _FORBIDDEN:
        message = f"The {seen.subject} is gated or disabled on the Hub; ask for access for this board: {seen.line}"
    elif seen.status in {401, 403}:
        message = (
            f"The Hub does not let this board read the {seen.subject} ({seen.status}): it does not exist, is "
            f"private, or the token does not open it: {seen.line}"
        )
    elif seen.names & _MISSING and "LocalEntryNotFoundError" not in seen.names:
        message = f"Not found on the Hub: {seen.line}"
    else:
        return None
    return Failure(FailureClass.DOWNLOAD, message, final=True, whole_run=seen.whole_run)


def _hub_fails(seen: _Seen) -> Failure | None:
    if seen.status == 429:
        return Failure(FailureClass.DOWNLOAD, f"The Hub asked this board to wait (429) while {seen.stage}.")
    if seen.names & _NETWORK or any(word in seen.words for word in _NETWORK_WORDS):
        return Failure(FailureClass.DOWNLOAD, f"A download failed while {seen.stage}: {seen.line}")
    return None


def _needs_code(seen: _Seen) -> Failure | None:
    if "trust_remote_code" not in seen.words:
        return None
    message = (
        f"The {seen.subject} needs code of its own (trust_remote_code), and no moderator allowed that for this run."
        if seen.stage is Stage.MODEL
        else "The dataset needs code of its own (trust_remote_code), which this board does not run."
    )
    failure_class = FailureClass.MODEL_CODE if seen.whole_run else FailureClass.TASK
    return Failure(failure_class, message, final=True, whole_run=seen.whole_run)


def _fault_of_stage(seen: _Seen) -> Failure:
    summary = _summary(seen.error)
    if seen.whole_run:
        what = "could not be loaded" if seen.stage is Stage.MODEL else "failed on a made-up task"
        return Failure(FailureClass.MODEL_CODE, f"The model {what}: {summary}", final=True, whole_run=True)
    if seen.stage is Stage.EVALUATION and _raised_in_model(seen.error):
        return Failure(FailureClass.MODEL_CODE, f"The model failed while encoding: {summary}", final=True)
    return Failure(FailureClass.TASK, f"The task failed while {seen.stage}: {summary}", final=True)


def describe_exit(return_code: int) -> Failure:
    """Words for an evaluating process that ended without saying why. A negative code is a signal."""
    if return_code == -signal.SIGXFSZ:
        return too_much("wrote a file larger than this board allows")
    if return_code == -9:
        message = "The system killed the evaluating process, most likely because memory ran out."
        return Failure(FailureClass.MEMORY, message, is_guess=True)
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
