"""The rules over what a repository holds, without a database and without a Hub."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from submissions.checks import (
    GIGABYTE,
    Check,
    Outcome,
    Standing,
    Subject,
    WantedTask,
    check_model,
    check_wish,
    stops,
    worst_outcome,
)
from tests.factories_submissions import model_files, safetensors, snapshot_of

WEIGHTS = safetensors({"weight": ("F32", [2, 2])})


def found(checks: list[Check], subject: Subject) -> Check:
    return next(check for check in checks if check.name is subject)


def check_files(subject: Subject, **changes: Any) -> Check:
    return found(check_model(snapshot_of(model_files(**changes))), subject)


def test_a_sound_repository_passes_every_check() -> None:
    checks = check_model(snapshot_of(model_files()))
    assert [check.outcome for check in checks] == [Outcome.OK] * 7
    assert not stops(checks)


def test_every_check_answers_with_a_sentence() -> None:
    for check in check_model(snapshot_of(model_files(**{"model.safetensors": None, "README.md": None}))):
        assert check.sentence[0].isupper() or check.sentence[0] in "“ce"
        assert check.sentence.endswith(".")


@pytest.mark.parametrize(
    ("changes", "outcome", "words"),
    [
        ({}, Outcome.OK, "are safetensors"),
        ({"model.safetensors": None, "pytorch_model.bin": b"x"}, Outcome.ERROR, "pickle"),
        ({"pytorch_model.bin": b"x"}, Outcome.OK, "are safetensors"),
        ({"training_args.bin": b"x", "optimizer.pt": b"x"}, Outcome.OK, "are safetensors"),
        ({"checkpoint-5/pytorch_model.bin": b"x"}, Outcome.OK, "are safetensors"),
        ({"model.safetensors": None}, Outcome.ERROR, "no weights"),
        ({"model.safetensors": None, "model-q4.gguf": b"x"}, Outcome.ERROR, "as GGUF only"),
        ({"model.safetensors": None, "onnx/model.onnx": b"x"}, Outcome.ERROR, "as ONNX only"),
        ({"model.safetensors": None, "adapter_config.json": {}}, Outcome.ERROR, "adapter"),
        ({"model.safetensors": None, "onnx/extra.safetensors": WEIGHTS}, Outcome.ERROR, "no weights"),
    ],
)
def test_weights_must_be_safetensors(changes: dict[str, Any], outcome: Outcome, words: str) -> None:
    check = check_files(Subject.WEIGHTS, **changes)
    assert check.outcome is outcome
    assert words in check.sentence


def test_a_module_with_pickle_weights_is_refused_though_the_rest_is_safe() -> None:
    modules = [*model_files()["modules.json"], {"path": "3_Dense", "type": "sentence_transformers.models.Dense"}]
    check = check_files(Subject.WEIGHTS, **{"modules.json": modules, "3_Dense/pytorch_model.bin": b"x"})
    assert check.outcome is Outcome.ERROR
    assert "in 3_Dense" in check.sentence


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        ({}, Outcome.OK),
        ({"config.json": {"model_type": "x", "auto_map": {"AutoModel": "modeling.M"}}}, Outcome.WARNING),
        ({"tokenizer_config.json": {"auto_map": {"AutoTokenizer": ["t.T", None]}}}, Outcome.WARNING),
        ({"modules.json": [{"path": "", "type": "custom_st.Transformer"}]}, Outcome.WARNING),
        ({"modules.json": [{"path": "", "type": "sentence_transformers_evil.Transformer"}]}, Outcome.WARNING),
        (
            {
                "modules.json": [
                    {"path": "", "type": "sentence_transformers.sentence_transformer.modules.StaticEmbedding"}
                ]
            },
            Outcome.OK,
        ),
    ],
)
def test_code_from_the_repository_waits_for_a_moderator(changes: dict[str, Any], outcome: Outcome) -> None:
    assert check_files(Subject.CODE, **changes).outcome is outcome


@pytest.mark.parametrize(
    ("changes", "outcome", "words"),
    [
        ({}, Outcome.OK, "with sentence-transformers"),
        ({"modules.json": None}, Outcome.WARNING, "averaged"),
        ({"modules.json": None, "config.json": None}, Outcome.ERROR, "neither"),
        ({"modules.json": None, "config.json": {"hidden_size": 8}}, Outcome.ERROR, "neither"),
        ({"modules.json": []}, Outcome.ERROR, "lists no modules"),
        ({"modules.json": "{ not json"}, Outcome.ERROR, "modules.json is not valid JSON"),
        ({"config.json": "[" * 100_000}, Outcome.ERROR, "config.json is not valid JSON"),
        ({"config.json": None}, Outcome.ERROR, "model_type"),
        ({"1_Pooling/config.json": None}, Outcome.ERROR, "1_Pooling/config.json is missing"),
        (
            {
                "modules.json": None,
                "config.json": {"model_type": "bert", "architectures": ["BertForSequenceClassification"]},
            },
            Outcome.WARNING,
            "BertForSequenceClassification",
        ),
    ],
)
def test_a_model_must_be_loadable(changes: dict[str, Any], outcome: Outcome, words: str) -> None:
    check = check_files(Subject.LOADING, **changes)
    assert (check.outcome, words in check.sentence) == (outcome, True), check.sentence


@pytest.mark.parametrize(
    ("size", "outcome", "words"),
    [
        (90_000_000, Outcome.OK, "90 MB"),
        (2 * GIGABYTE, Outcome.OK, "2.0 GB"),
        (21 * GIGABYTE, Outcome.WARNING, "few workers"),
        (201 * GIGABYTE, Outcome.ERROR, "up to 200 GB"),
    ],
)
def test_weights_must_fit(size: int, outcome: Outcome, words: str) -> None:
    snapshot = snapshot_of(model_files())
    large = replace(snapshot, files={**snapshot.files, "model.safetensors": size})
    check = found(check_model(large), Subject.SIZE)
    assert check.outcome is outcome
    assert words in check.sentence


@pytest.mark.parametrize(
    ("card", "outcome", "words"),
    [
        ("---\nlicense: apache-2.0\n---\n", Outcome.OK, "Apache-2.0"),
        ("---\nlicense: [mit, cc-by-4.0]\n---\n", Outcome.OK, "MIT AND CC-BY-4.0"),
        ("---\nlicense: other\nlicense_name: Own Terms 1\n---\n", Outcome.OK, "LicenseRef-Own-Terms-1"),
        ("---\nlicense: other\n---\n", Outcome.WARNING, "“other”"),
        ("---\nlicense: wibble\n---\n", Outcome.WARNING, "“wibble”"),
        ("---\nlanguage: en\n---\n", Outcome.WARNING, "names no licence"),
        ("no front matter", Outcome.WARNING, "names no licence"),
        ("---\nlicense: [unclosed\n---\n", Outcome.WARNING, "not valid YAML"),
        (None, Outcome.WARNING, "names no licence"),
    ],
)
def test_the_licence_should_be_known(card: str | None, outcome: Outcome, words: str) -> None:
    check = check_files(Subject.LICENCE, **{"README.md": card})
    assert (check.outcome, words in check.sentence) == (outcome, True), check.sentence


@pytest.mark.parametrize(
    ("asked", "words"), [("", "newest revision is ccc"), ("main", "“main” is now ccc"), ("c" * 40, "is there")]
)
def test_the_revision_is_named_as_a_commit(asked: str, words: str) -> None:
    checks = check_model(snapshot_of(model_files(), requested_revision=asked))
    assert words in found(checks, Subject.REVISION).sentence


def task(name: str, *, can_run: bool = True, modalities: frozenset[str] = frozenset({"text"})) -> WantedTask:
    return WantedTask(name=name, modalities=modalities, can_run=can_run)


@pytest.mark.parametrize(
    ("tasks", "outcome", "words"),
    [
        ([task("A")], Outcome.OK, "1 task can be run"),
        ([], Outcome.ERROR, "Choose at least one"),
        ([task("A", can_run=False)], Outcome.ERROR, "A"),
        ([task("A", can_run=False), task("B")], Outcome.WARNING, "left out: A"),
        ([task("A", modalities=frozenset({"text", "image"})), task("B")], Outcome.WARNING, "More than text"),
        ([task(f"T{n}", can_run=False) for n in range(7)], Outcome.ERROR, "and 2 more"),
    ],
)
def test_something_that_can_run_must_be_chosen(tasks: list[WantedTask], outcome: Outcome, words: str) -> None:
    check = found(check_wish(tasks, Standing()), Subject.TASKS)
    assert (check.outcome, words in check.sentence) == (outcome, True), check.sentence


@pytest.mark.parametrize(
    ("standing", "outcome", "words"),
    [
        (Standing(), Outcome.OK, "has not been evaluated"),
        (Standing(pending_submission=7, waiting=frozenset("AB")), Outcome.ERROR, "Submission 7"),
        (Standing(evaluated=frozenset("AB")), Outcome.ERROR, "on everything you chose"),
        (Standing(evaluated=frozenset("A"), queued=frozenset("B"), unfinished_run=3), Outcome.ERROR, "Run 3"),
        (Standing(evaluated=frozenset("A")), Outcome.WARNING, "1 task"),
        (Standing(reported=frozenset("ABX")), Outcome.OK, "results of others for 2 tasks"),
        (Standing(name_is_taken=True), Outcome.ERROR, "in a folder"),
    ],
)
def test_nothing_is_evaluated_twice(standing: Standing, outcome: Outcome, words: str) -> None:
    check = found(check_wish([task("A"), task("B")], standing), Subject.NEWS)
    assert (check.outcome, words in check.sentence) == (outcome, True), check.sentence


@pytest.mark.parametrize(
    ("outcomes", "worst"),
    [([], Outcome.OK), (["ok", "warning", "ok"], Outcome.WARNING), (["error", "warning"], Outcome.ERROR)],
)
def test_the_worst_outcome_counts(outcomes: list[str], worst: Outcome) -> None:
    stored: list[Mapping[str, Any]] = [{"name": "Size", "outcome": outcome, "sentence": "."} for outcome in outcomes]
    assert worst_outcome([dict(check) for check in stored]) is worst
