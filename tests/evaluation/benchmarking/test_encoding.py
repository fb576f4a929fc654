"""The comparison of both sides' scores; the rest is measured, not tested."""

from __future__ import annotations

import pytest

from evaluation.benchmarking.encoding import largest_difference
from leaderboard.benchmarking.watching import BenchmarkFailed


def test_the_largest_difference_of_all_scores_counts() -> None:
    assert largest_difference({"a": 0.5, "b": 0.25}, {"b": 0.5, "a": 0.5}) == 0.25


def test_scores_that_only_one_side_has_are_no_agreement() -> None:
    with pytest.raises(BenchmarkFailed, match="Only one side has scores of: \\['b'\\]"):
        largest_difference({"a": 0.5}, {"a": 0.5, "b": 0.5})
