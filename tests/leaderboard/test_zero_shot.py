"""What a model has seen in training."""

from __future__ import annotations

import pytest

from leaderboard.zero_shot import contaminated_tasks, similar_tasks, zero_shot_percentage

SIMILAR = similar_tasks([("NanoArguAna", "ArguAna"), ("ArguAna-PL", "ArguAna"), ("Old", "New")])


def test_similarity_is_symmetric_and_transitive() -> None:
    assert SIMILAR["NanoArguAna"] == {"NanoArguAna", "ArguAna", "ArguAna-PL"} == SIMILAR["ArguAna-PL"]
    assert SIMILAR["New"] == {"Old", "New"}


def test_a_model_saw_its_own_datasets_and_what_is_similar_to_them() -> None:
    seen = contaminated_tasks("m", {"m": ["NanoArguAna", "FEVER"]}, {}, SIMILAR)
    assert seen == frozenset({"NanoArguAna", "ArguAna", "ArguAna-PL", "FEVER"})


def test_a_model_saw_what_its_base_models_saw() -> None:
    training = {"m": ["A"], "base": ["B"], "root": ["Old"]}
    seen = contaminated_tasks("m", training, {"m": "base", "base": "root"}, SIMILAR)
    assert seen == frozenset({"A", "B", "Old", "New"})


def test_unknown_training_data_is_unknown_and_not_empty() -> None:
    assert contaminated_tasks("m", {"m": None, "base": ["A"]}, {"m": "base"}, {}) is None
    assert contaminated_tasks("m", {"m": []}, {}, {}) == frozenset()


def test_a_base_model_with_unknown_data_hides_those_behind_it() -> None:
    training = {"m": ["A"], "base": None, "root": ["B"]}
    assert contaminated_tasks("m", training, {"m": "base", "base": "root"}, {}) == frozenset({"A"})


def test_models_adapted_from_each_other_end() -> None:
    assert contaminated_tasks("m", {"m": ["A"], "n": ["B"]}, {"m": "n", "n": "m"}, {}) == frozenset({"A", "B"})


@pytest.mark.parametrize(
    ("seen", "tasks", "percent"),
    [
        ({"A"}, ["A", "B", "C"], 66),
        (set(), ["A"], 100),
        ({"A", "B"}, ["A", "B"], 0),
        ({"X"}, ["A"], 100),
        (None, ["A"], None),
        ({"A"}, [], None),
    ],
)
def test_the_percentage_is_rounded_down(seen: set[str] | None, tasks: list[str], percent: int | None) -> None:
    assert zero_shot_percentage(seen, tasks) == percent
