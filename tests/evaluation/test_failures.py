"""Exceptions of the evaluating process, in classes and words."""

from __future__ import annotations

import errno

import pytest

from evaluation.failures import Failure, FailureClass, ModelRefused, Stage, describe, describe_exit


class RepositoryNotFoundError(Exception):
    """Named as in huggingface_hub."""


class GatedRepoError(RepositoryNotFoundError):
    pass


class HfHubHTTPError(OSError):
    pass


class LocalEntryNotFoundError(FileNotFoundError):
    pass


class OutOfMemoryError(RuntimeError):
    pass


def caused_by(cause: BaseException) -> BaseException:
    error = OSError("We couldn't load it")
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "stage", "failure_class", "final"),
    [
        (HfHubHTTPError("503 Server Error"), Stage.MODEL, FailureClass.DOWNLOAD, False),
        (caused_by(HfHubHTTPError("503")), Stage.EVALUATION, FailureClass.DOWNLOAD, False),
        (LocalEntryNotFoundError("offline"), Stage.EVALUATION, FailureClass.DOWNLOAD, False),
        (TimeoutError("read timed out"), Stage.EVALUATION, FailureClass.DOWNLOAD, False),
        (RepositoryNotFoundError("404"), Stage.MODEL, FailureClass.DOWNLOAD, True),
        (GatedRepoError("403"), Stage.EVALUATION, FailureClass.DOWNLOAD, True),
        (OutOfMemoryError("CUDA"), Stage.EVALUATION, FailureClass.MEMORY, False),
        (MemoryError(), Stage.MODEL, FailureClass.MEMORY, False),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory"), Stage.EVALUATION, FailureClass.MEMORY, False),
        (OSError(errno.ENOSPC, "No space left on device"), Stage.TASK, FailureClass.INFRASTRUCTURE, False),
        (ValueError("requires you to set trust_remote_code=True"), Stage.MODEL, FailureClass.MODEL_CODE, True),
        (ValueError("requires trust_remote_code"), Stage.EVALUATION, FailureClass.TASK, True),
        (KeyError("weights"), Stage.MODEL, FailureClass.MODEL_CODE, True),
        (KeyError("label"), Stage.EVALUATION, FailureClass.TASK, True),
        (ModelRefused("The folder changed."), Stage.MODEL, FailureClass.MODEL_CODE, True),
    ],
)
def test_an_exception_has_a_class(error: BaseException, stage: Stage, failure_class: FailureClass, final: bool) -> None:
    failure = describe(error, stage)
    assert (failure.failure_class, failure.final) == (failure_class, final)
    assert failure.message


def test_a_model_that_is_refused_says_why_in_its_own_words() -> None:
    failure = describe(ModelRefused("The folder changed."), Stage.MODEL)
    assert failure == Failure(FailureClass.MODEL_CODE, "The folder changed.", final=True, whole_run=True)


@pytest.mark.parametrize(("stage", "whole_run"), [(Stage.MODEL, True), (Stage.EVALUATION, False)])
def test_only_what_concerns_the_model_fails_the_whole_run(stage: Stage, whole_run: bool) -> None:
    assert describe(ValueError("no"), stage).whole_run is whole_run


def test_an_error_inside_the_model_is_the_models() -> None:
    namespace: dict[str, object] = {"__name__": "sentence_transformers.models"}
    exec("def encode(): raise IndexError('position 513')", namespace)  # noqa: S102  A frame of that module.
    encode = namespace["encode"]
    assert callable(encode)
    with pytest.raises(IndexError) as caught:
        encode()
    failure = describe(caught.value, Stage.EVALUATION)
    assert failure.failure_class == FailureClass.MODEL_CODE
    assert "position 513" in failure.message


def test_a_long_message_is_cut_to_its_first_line() -> None:
    failure = describe(ValueError("first\nsecond" + "x" * 5000), Stage.EVALUATION)
    assert failure.message.endswith("ValueError: first")


@pytest.mark.parametrize(
    ("code", "failure_class", "word"),
    [
        (-9, FailureClass.MEMORY, "memory"),
        (-11, FailureClass.INFRASTRUCTURE, "signal 11"),
        (3, FailureClass.INFRASTRUCTURE, "exit code 3"),
    ],
)
def test_a_process_that_ends_without_a_word_is_described(code: int, failure_class: FailureClass, word: str) -> None:
    failure = describe_exit(code)
    assert failure.failure_class == failure_class
    assert word in failure.message
