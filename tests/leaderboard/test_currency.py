"""Which result counts."""

from __future__ import annotations

from typing import Any

import pytest

from leaderboard.currency import OFFICIAL, RUN, UPLOAD, Candidate, current_parts, official_choice, parsed_version

ALL_CELLS = frozenset({("test", "de"), ("test", "fr")})
GERMAN = frozenset({("test", "de")})
FRENCH = frozenset({("test", "fr")})


def candidate(result_id: int, **fields: Any) -> Candidate:
    defaults: dict[str, Any] = {
        "kind": OFFICIAL,
        "revision": "r1",
        "is_registry_revision": False,
        "mteb_version": "2.0.0",
        "dataset_revision": "d1",
        "timestamp": 0.0,
        "cells": ALL_CELLS,
    }
    return Candidate(result_id=result_id, **{**defaults, **fields})


def ids(parts: list[Candidate]) -> list[int]:
    return [part.result_id for part in parts]


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ({"is_registry_revision": True, "mteb_version": None}, {"mteb_version": "9.0.0"}),
        ({"mteb_version": "1.0.0", "revision": "external"}, {"mteb_version": None, "revision": "abc"}),
        ({"mteb_version": "1.0.0"}, {"mteb_version": "2.12.16-2.15.4"}),
        ({"revision": "abc"}, {"revision": "external"}),
        ({"revision": "abc"}, {"revision": "no_revision_available"}),
        ({"mteb_version": "2.10.0"}, {"mteb_version": "2.9.0"}),
        ({"mteb_version": "2.0.0"}, {"mteb_version": "2.0.0.dev0"}),
    ],
)
def test_the_official_rule_prefers(better: dict[str, Any], worse: dict[str, Any]) -> None:
    for first, second in ((better, worse), (worse, better)):
        candidates = [candidate(1, **first), candidate(2, **second)]
        chosen = official_choice(candidates)
        assert chosen is candidates[0 if first is better else 1]


def test_equal_official_results_are_decided_by_which_was_stored_first() -> None:
    chosen = official_choice([candidate(2), candidate(1)])
    assert chosen is not None
    assert chosen.result_id == 1


def test_nothing_official_means_no_official_choice() -> None:
    assert official_choice([candidate(1, kind=RUN)]) is None


def test_with_official_results_only_both_scopes_agree() -> None:
    candidates = [candidate(1), candidate(2, is_registry_revision=True, cells=GERMAN)]
    assert ids(current_parts(candidates)) == [2]


def test_a_run_of_this_board_counts_before_the_official_result_it_repeats() -> None:
    assert ids(current_parts([candidate(1), candidate(2, kind=RUN)])) == [2]


def test_an_upload_does_not_count_before_an_official_result_it_repeats() -> None:
    assert ids(current_parts([candidate(1), candidate(2, kind=UPLOAD)])) == [1]


def test_a_partial_run_is_laid_over_the_result_of_the_same_revisions() -> None:
    assert ids(current_parts([candidate(1), candidate(2, kind=RUN, cells=GERMAN)])) == [2, 1]


def test_two_halves_of_one_revision_merge() -> None:
    halves = [candidate(1, kind=RUN, cells=GERMAN), candidate(2, kind=RUN, cells=FRENCH)]
    assert sorted(ids(current_parts(halves))) == [1, 2]


def test_a_smaller_run_of_another_revision_never_replaces_a_larger_one() -> None:
    smaller = candidate(2, kind=RUN, revision="r2", cells=GERMAN, is_registry_revision=True)
    assert ids(current_parts([candidate(1), smaller])) == [1]


def test_a_run_on_another_dataset_revision_does_not_merge() -> None:
    other = candidate(2, kind=RUN, dataset_revision="d2")
    assert ids(current_parts([candidate(1), other])) == [2]


def test_the_newer_of_two_equal_runs_counts() -> None:
    runs = [candidate(1, kind=RUN, timestamp=5.0), candidate(2, kind=RUN, timestamp=9.0)]
    assert ids(current_parts(runs)) == [2]


def test_an_older_official_result_does_not_compete_by_its_size() -> None:
    larger = candidate(1, revision="old")
    pick = candidate(2, is_registry_revision=True, cells=GERMAN)
    run = candidate(3, kind=RUN, revision="r3", cells=GERMAN)
    assert ids(current_parts([larger, pick, run])) == [3]


@pytest.mark.parametrize("version", [None, "", "2.12.16-2.15.4", "not a version"])
def test_what_is_no_version_parses_to_none(version: str | None) -> None:
    assert parsed_version(version) is None
