"""Percentiles, against the sentence that defines them."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaderboard.percentiles import percentile_among, percentiles, percentiles_of_ranks

BLANK = math.nan


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ([0.1, 0.3, 0.2], [0, 100, 50]),
        ([0.5, 0.5, 0.1], [75, 75, 0]),
        ([0.2, BLANK, 0.1], [100, BLANK, 0]),
        ([0.2, BLANK], [BLANK, BLANK]),
        ([-0.2, -0.1], [0, 100]),
        ([], []),
    ],
)
def test_the_percentile_is_the_share_of_others_that_are_lower(scores: list[float], expected: list[float]) -> None:
    np.testing.assert_array_equal(percentiles(scores), expected)


def test_the_lowest_rank_has_the_highest_percentile() -> None:
    np.testing.assert_array_equal(percentiles_of_ranks([1, 2, 2, BLANK, 4]), [100, 50, 50, BLANK, 0])


def test_one_entry_is_placed_as_the_whole_column_places_it() -> None:
    column = np.array([0.4, 0.1, 0.4, 0.9])
    one_by_one = [percentile_among(score, np.sort(column)) for score in column]
    assert one_by_one == percentiles(column).tolist()
    assert percentile_among(None, np.sort(column)) is None
    assert percentile_among(0.4, np.array([0.4])) is None


@given(st.lists(st.sampled_from([0.1, 0.2, 0.3, BLANK]), max_size=12))
def test_percentiles_follow_the_definition_entry_by_entry(scores: list[float]) -> None:
    for place, (score, percentile) in enumerate(zip(scores, percentiles(scores), strict=True)):
        others = [other for at, other in enumerate(scores) if at != place and not math.isnan(other)]
        if math.isnan(score) or not others:
            assert math.isnan(percentile)
            continue
        points = sum(Fraction(other < score) + Fraction(other == score, 2) for other in others)
        assert percentile == pytest.approx(float(points / len(others) * 100))
