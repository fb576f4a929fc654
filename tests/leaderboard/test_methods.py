"""Ranking methods on boards small enough to check by hand, and against counting every pair."""

from __future__ import annotations

import math
from itertools import permutations

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from leaderboard.aggregation import Floats
from leaderboard.methods import (
    Method,
    average_rank_table,
    complete_points,
    mean_over_tasks,
    mean_over_types,
    method_scores,
    ranks_by,
    win_rates,
)

NAN = math.nan
# Two complete rows and two with blanks, on tasks of three types.
SCORES = np.array(
    [
        [0.9, 0.1, 0.5, 0.5],
        [0.5, 0.5, 0.5, 0.4],
        [0.7, NAN, NAN, 0.6],
        [NAN, NAN, 0.9, NAN],
    ]
)
TYPES = ["a", "a", "b", "c"]


@st.composite
def matrices(draw: st.DrawFn) -> Floats:
    """(rows, tasks) with many ties and blanks."""
    n_rows, n_tasks = draw(st.integers(1, 6)), draw(st.integers(1, 5))
    numbers = draw(
        st.lists(st.sampled_from([NAN, 0.0, 0.5, 1.0]), min_size=n_rows * n_tasks, max_size=n_rows * n_tasks)
    )
    return np.array(numbers).reshape(n_rows, n_tasks)


def counted_win_rates(scores: Floats, weights: list[int]) -> Floats:
    """Pair by pair."""
    won, compared = np.zeros(len(scores)), np.zeros(len(scores))
    for one, other in permutations(range(len(scores)), 2):
        for task, weight in enumerate(weights):
            mine, theirs = scores[one, task], scores[other, task]
            if not math.isnan(mine) and not math.isnan(theirs):
                won[one] += weight * (1.0 if mine > theirs else 0.5 if mine == theirs else 0.0)
                compared[one] += weight
    return np.array([w / c if c else NAN for w, c in zip(won, compared, strict=True)])


@given(matrices(), st.lists(st.integers(1, 3), min_size=5, max_size=5))
def test_the_win_rate_is_that_of_all_pairs_on_common_tasks(scores: Floats, weights: list[int]) -> None:
    counts = weights[: scores.shape[1]]
    np.testing.assert_array_equal(win_rates(scores, np.array(counts)), counted_win_rates(scores, counts))


@given(matrices())
def test_average_ranks_are_those_of_scipy(scores: Floats) -> None:
    expected = scipy.stats.rankdata(-scores, axis=0, nan_policy="omit")
    np.testing.assert_array_equal(average_rank_table(scores), expected)


def test_a_row_alone_on_its_tasks_has_no_win_rate() -> None:
    assert np.isnan(win_rates(np.array([[0.5, NAN], [NAN, 0.4]]))).all()


def test_strict_means_are_blank_with_any_blank_task() -> None:
    assert mean_over_tasks(SCORES)[:2].tolist() == pytest.approx([0.5, 0.475])
    assert mean_over_types(SCORES, TYPES)[:2].tolist() == pytest.approx([0.5, (0.5 + 0.5 + 0.4) / 3])
    assert np.isnan(mean_over_tasks(SCORES)[2:]).all()
    assert np.isnan(mean_over_types(SCORES, TYPES)[2:]).all()


def test_lenient_means_run_over_what_there_is() -> None:
    assert mean_over_tasks(SCORES, lenient=True)[2:].tolist() == pytest.approx([0.65, 0.9])
    assert mean_over_types(SCORES, TYPES, lenient=True)[2:].tolist() == pytest.approx([(0.7 + 0.6) / 2, 0.9])


def test_a_task_that_weighs_more_counts_more_often() -> None:
    weights = np.array([3, 1, 1, 1])
    assert mean_over_tasks(SCORES, weights=weights)[0] == pytest.approx((3 * 0.9 + 0.1 + 0.5 + 0.5) / 6)
    by_types = mean_over_types(SCORES, TYPES, weights=weights)
    assert by_types[0] == pytest.approx(((3 * 0.9 + 0.1) / 4 + 0.5 + 0.5) / 3)


def test_only_complete_runs_vote_and_are_ranked() -> None:
    points = complete_points(SCORES)
    # Two rows: a win is a point, a tie half of one. The others take no ranks.
    assert points[:2].tolist() == [2.5, 1.5]
    assert ranks_by(points).tolist() == [1, 2, 0, 0]


def test_ties_share_the_best_rank_and_blank_rows_have_none() -> None:
    assert ranks_by(np.array([0.5, NAN, 0.7, 0.5, 0.1])).tolist() == [2, 0, 1, 2, 4]


@pytest.mark.parametrize("method", [method for method in Method if method is not Method.OFFICIAL])
def test_every_method_works_without_tasks_and_without_rows(method: Method) -> None:
    assert np.isnan(method_scores(method, np.empty((2, 0)), [])).all()
    assert len(method_scores(method, np.empty((0, 2)), ["a", "b"])) == 0


def test_the_official_rule_is_not_a_number_per_row() -> None:
    with pytest.raises(ValueError, match="official"):
        method_scores(Method.OFFICIAL, SCORES, TYPES)
