"""What is checked of an uploaded result, in words."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from leaderboard.result_files import ParsedResult
from leaderboard.staleness import version_range
from submissions.checks import Outcome
from submissions.upload_checks import (
    About,
    KnownResult,
    KnownTask,
    Read,
    Verdict,
    check_model_folder,
    check_result,
    missing_metadata,
    stopping,
)

CELL = ("test", "default")
TASK = KnownTask("STS13", "cosine_spearman", ["test"], ["default"], "d" * 40)


def read(scores: dict[tuple[str, str], float | None] | None = None, **fields: Any) -> Read:
    scores = {CELL: 0.5} if scores is None else scores
    said: dict[str, Any] = {
        "task_name": "STS13",
        "splits": [split for split, _ in scores],
        "subsets": [subset for _, subset in scores],
        "languages": [["eng-Latn"] for _ in scores],
        "main_scores": list(scores.values()),
        "dataset_revision": "d" * 40,
        "mteb_version": "2.1.0",
        "date": None,
        "evaluation_time": None,
        "kg_co2_emissions": None,
    }
    metrics = {cell: {"cosine_spearman": score} for cell, score in scores.items()}
    return Read("STS13", ParsedResult(**(said | fields)), metrics)


def known(scores: dict[tuple[str, str], float | None], **fields: Any) -> KnownResult:
    languages = {cell: frozenset({"eng-Latn"}) for cell in scores}
    said: dict[str, Any] = {"scores": scores, "languages": languages, "dataset_revision": "d" * 40}
    return KnownResult(**(said | fields))


def found(verdicts: list[Verdict], outcome: Outcome) -> set[About]:
    return {verdict.name for verdict in verdicts if verdict.outcome is outcome}


def test_a_sound_file_passes_every_check() -> None:
    verdicts = check_result(read(), TASK, known({CELL: 0.5}), known({CELL: 0.5}))
    assert {verdict.outcome for verdict in verdicts} == {Outcome.OK}


@pytest.mark.parametrize(
    ("given", "about"),
    [
        (read({CELL: None}), About.SCORES),
        (read({CELL: 71.3}), About.SCORES),
        (read({CELL: -1.2}), About.SCORES),
        (read({}), About.SCORES),
        (read({("dev", "default"): 0.5}), About.COVERAGE),
        (read(dataset_revision="e" * 40), About.DATASET),
        (read(dataset_revision=None), About.DATASET),
        (read(mteb_version=None), About.VERSION),
        (read(mteb_version="2.12.16-2.15.4"), About.VERSION),
        (read(mteb_version="1.10.9"), About.VERSION),
        (replace(read(), stem="STS14"), About.FILE),
        (replace(read(), metrics={CELL: {"cosine_spearman": 0.4}}), About.METRIC),
        (replace(read(), metrics={CELL: {"cosine_spearman": float("nan")}}), About.METRIC),
    ],
)
def test_what_stops_a_file(given: Read, about: About) -> None:
    assert about in found(check_result(given, TASK, None, None), Outcome.ERROR)


def test_percent_are_told_from_fractions() -> None:
    sentences = " ".join(verdict.sentence for verdict in check_result(read({CELL: 71.3}), TASK, None, None))
    assert "not percent" in sentences


@pytest.mark.parametrize(
    ("given", "task", "about"),
    [
        (read({CELL: -0.2}), TASK, About.SCORES),
        (replace(read(), metrics={}), TASK, About.METRIC),
        (read(), replace(TASK, splits=["test", "dev"]), About.COVERAGE),
        (read(mteb_version="2.1.0.dev0"), TASK, About.VERSION),
        (read(), replace(TASK, best=(0.4, "org/best")), About.PLAUSIBLE),
        (read(), replace(TASK, peers=[0.1, 0.11, 0.12, 0.1, 0.11, 0.12, 0.1, 0.11]), About.PLAUSIBLE),
        (read(), replace(TASK, in_use=False), About.TASK),
    ],
)
def test_what_moderators_are_told(given: Read, task: KnownTask, about: About) -> None:
    verdicts = check_result(given, task, None, None)
    assert about in found(verdicts, Outcome.WARNING)
    assert not stopping(verdicts)


@pytest.mark.parametrize(
    ("before", "stops"),
    [
        (known({CELL: 0.501}), False),
        (known({CELL: 0.5011}), True),
        (known({CELL: 0.5, ("dev", "default"): 0.5}), True),
        (known({CELL: 0.5}, languages={CELL: frozenset({"eng-Latn", "deu-Latn"})}), True),
        (known({CELL: 0.9}, dataset_revision="e" * 40), False),
        (known({CELL: 0.9}, is_same_file=True), False),
    ],
)
def test_a_result_that_is_known_keeps_its_cells_and_scores(before: KnownResult, stops: bool) -> None:
    verdicts = check_result(read(), TASK, before, None)
    assert (About.CHANGES in found(verdicts, Outcome.ERROR)) is stops


def test_a_run_here_that_came_out_differently_is_told() -> None:
    assert About.RERUN in found(check_result(read(), TASK, None, known({CELL: 0.6})), Outcome.WARNING)


def test_an_unknown_task_is_refused() -> None:
    assert stopping(check_result(read(), None, None, None))


@pytest.mark.parametrize(
    ("changes", "stops"),
    [
        ({}, False),
        ({"name": ""}, True),
        ({"model_folder": "other__model"}, True),
        ({"revision_folder": "e" * 40}, True),
        ({"revision": "main", "revision_folder": "main"}, True),
        ({"revision": "1", "revision_folder": "1"}, True),
        ({"revision": "1", "revision_folder": "1", "open_weights": False}, False),
    ],
)
def test_folder_names_and_revision_are_checked(changes: dict[str, Any], stops: bool) -> None:
    sound: dict[str, Any] = {
        "model_folder": "org__model",
        "revision_folder": "c" * 40,
        "name": "org/model",
        "revision": "c" * 40,
        "open_weights": True,
    }
    assert stopping(check_model_folder(**(sound | changes))) is stops


def test_null_is_said_and_a_missing_key_is_not() -> None:
    assert "name" not in missing_metadata({"name": None})
    assert "license" in missing_metadata({"name": None})


def test_a_version_that_is_known_to_be_wrong_on_the_task_is_refused_with_the_reason() -> None:
    wrong = replace(TASK, wrong_versions=[(version_range("2.0.0", "2.5.0"), "Labels were shuffled.")])
    refused = check_result(read(mteb_version="2.3.1"), wrong, None, None)
    (verdict,) = [one for one in refused if one.outcome is Outcome.ERROR]
    assert verdict.name is About.VERSION
    assert "mteb 2.3.1 is known to be wrong on STS13: Labels were shuffled." in verdict.sentence
    assert not stopping(check_result(read(mteb_version="2.6.0"), wrong, None, None))
