"""Two rows compared: against scipy where it defines the same thing, and on cases that can be counted by hand."""

from __future__ import annotations

import math
from dataclasses import fields

import numpy as np
import pytest
import scipy.stats

from leaderboard.aggregation import Floats
from leaderboard.bootstrap import SEED
from leaderboard.paired import FLIPS, Pair, compare, compare_all, holm

NAN = math.nan


def two_rows(n_tasks: int, seed: int = 3) -> tuple[Floats, Floats]:
    """Two decimals, so that some tasks are tied."""
    rng = np.random.default_rng(seed)
    a = rng.random(n_tasks).round(2)
    return a, (a + rng.normal(-0.02, 0.05, n_tasks)).round(2)


def test_only_tasks_that_both_have_count() -> None:
    a = np.array([0.9, NAN, 0.5, 0.4, 0.7, NAN])
    b = np.array([0.8, 0.6, 0.5, 0.6, NAN, NAN])
    pair = compare(a, b)
    assert (pair.n_common, pair.wins, pair.ties, pair.losses) == (3, 1, 1, 1)
    assert pair.difference == pytest.approx((0.1 + 0.0 - 0.2) / 3)


def test_without_a_common_task_nothing_is_said() -> None:
    assert compare(np.array([0.5, NAN]), np.array([NAN, 0.5])) == Pair(n_common=0, wins=0, ties=0, losses=0)
    assert compare(np.array([]), np.array([])) == Pair(n_common=0, wins=0, ties=0, losses=0)


def test_one_common_task_has_a_difference_and_nothing_else() -> None:
    pair = compare(np.array([0.5, NAN]), np.array([0.25, 0.5]))
    assert pair == Pair(n_common=1, wins=1, ties=0, losses=0, difference=0.25)


def test_equal_rows_are_as_likely_to_be_either_way_round() -> None:
    pair = compare(np.array([0.5, 0.6, 0.7]), np.array([0.5, 0.6, 0.7]))
    assert (pair.difference, pair.difference_low, pair.difference_high) == (0, 0, 0)
    assert (pair.p_beats, pair.permutation_p, pair.sign_p) == (0.5, 1, 1)
    assert (pair.rank_biserial, pair.d_z) == (0, 0)


def test_a_row_that_is_always_better_by_the_same() -> None:
    pair = compare(np.array([0.5, 0.6, 0.7, 0.8]), np.array([0.4, 0.5, 0.6, 0.7]))
    assert (pair.p_beats, pair.rank_biserial) == (1, 1)
    # Of 16 flips the given one and its opposite are as far from 0.
    assert pair.permutation_p == pair.sign_p == 2 / 16
    assert pair.d_z is None


def test_a_difference_that_is_only_noise_of_the_sum_is_none() -> None:
    pair = compare(np.array([0.3, 0.1, 0.2]), np.array([0.1, 0.2, 0.3]))
    assert pair.permutation_p == 1
    # Of three draws A wins with two or three of the first task (7 of 27 cases) and ties with one of it (12 of 27);
    # within four standard errors of 2,000 draws.
    assert pair.p_beats == pytest.approx(13 / 27, abs=4 * math.sqrt(0.25 / 2000))


def test_the_interval_of_the_difference_is_that_of_scipy() -> None:
    """To the last digits: both draw with the same generator. Sums run in another order."""
    a, b = two_rows(40)
    pair = compare(a, b)
    rng = np.random.default_rng(SEED)
    expected = scipy.stats.bootstrap((a - b,), np.mean, n_resamples=2000, method="percentile", rng=rng)
    found = (pair.difference_low, pair.difference_high)
    np.testing.assert_allclose(np.array(found), tuple(expected.confidence_interval), rtol=1e-12)
    drawn = expected.bootstrap_distribution
    assert pair.p_beats == pytest.approx((np.sign(drawn).mean() + 1) / 2, abs=1e-12)


def permutation_test(a: Floats, b: Floats, n_resamples: float) -> float:
    def total(x: Floats, y: Floats, axis: int) -> Floats:
        return np.asarray(np.sum(x - y, axis=axis))

    tested = scipy.stats.permutation_test(
        (a, b), total, permutation_type="samples", n_resamples=n_resamples, rng=np.random.default_rng(1)
    )
    return float(tested.pvalue)


@pytest.mark.parametrize("seed", range(5))
def test_on_few_tasks_every_flip_is_tried_as_scipy_does(seed: int) -> None:
    a, b = two_rows(10, seed)
    pair = compare(a, b)
    assert pair.is_exact
    assert pair.permutation_p == pytest.approx(permutation_test(a, b, np.inf), abs=1e-12)


def test_on_many_tasks_random_flips_agree_with_those_of_scipy() -> None:
    """Within four standard errors of two independent estimates from 10,000 flips each."""
    a, b = two_rows(40)
    pair = compare(a, b)
    assert pair.permutation_p is not None
    assert not pair.is_exact
    p = permutation_test(a, b, FLIPS)
    assert 0.001 < p < 0.5
    assert abs(pair.permutation_p - p) < 4 * math.sqrt(2 * p * (1 - p) / FLIPS)


def test_random_flips_never_give_a_p_value_of_zero() -> None:
    pair = compare(np.arange(50.0) + 1, np.zeros(50))
    assert pair.permutation_p == 1 / (FLIPS + 1)


@pytest.mark.parametrize("n_tasks", [2, 5, 41, 200])
def test_the_sign_test_is_the_binomial_test_of_scipy(n_tasks: int) -> None:
    pair = compare(*two_rows(n_tasks))
    expected = scipy.stats.binomtest(pair.wins, pair.wins + pair.losses).pvalue
    assert pair.sign_p == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("n_tasks", [5, 41])
def test_effect_sizes_follow_from_the_statistics_of_scipy(n_tasks: int) -> None:
    a, b = two_rows(n_tasks)
    pair = compare(a, b)
    differences = a - b
    favourable = scipy.stats.wilcoxon(differences, zero_method="wilcox", alternative="greater").statistic
    n_moved = int((differences != 0).sum())
    all_ranks = n_moved * (n_moved + 1) / 2
    assert pair.rank_biserial == pytest.approx((2 * favourable - all_ranks) / all_ranks)
    assert pair.d_z == pytest.approx(scipy.stats.ttest_rel(a, b).statistic / math.sqrt(n_tasks))


def test_holm_multiplies_the_smallest_by_all_and_never_decreases() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]).tolist() == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.6, 0.7]).tolist() == [1.0, 1.0]


def test_holm_does_not_count_what_was_not_tested() -> None:
    adjusted = holm([0.02, NAN, 0.03])
    assert adjusted[[0, 2]].tolist() == pytest.approx([0.04, 0.04])
    assert np.isnan(adjusted[1])
    assert holm([]).tolist() == []


def test_every_pair_of_several_rows_reads_the_same_both_ways() -> None:
    scores = np.array([two_rows(30)[0], two_rows(30)[1], two_rows(30, 9)[0], np.full(30, NAN)])
    scores[2, 3:7] = NAN
    compared = compare_all(scores)
    for row, column in ((0, 1), (1, 0), (2, 0), (0, 2)):
        pair = compare(scores[row], scores[column])
        for field in fields(pair):
            if field.name != "is_exact":
                found = getattr(compared, field.name)[row, column]
                assert found == pytest.approx(getattr(pair, field.name), abs=1e-12), field.name
    assert compared.n_common[0].tolist() == [0, 30, 26, 0]
    assert np.isnan(compared.permutation_p[3]).all()
    tested = compared.permutation_p[[0, 0, 1], [1, 2, 2]]
    assert compared.adjusted_p[[0, 0, 1], [1, 2, 2]].tolist() == holm(tested).tolist()


def test_fewer_than_two_rows_make_no_pair() -> None:
    assert compare_all(np.empty((0, 3))).wins.shape == (0, 0)
    assert np.isnan(compare_all(np.array([[0.5, 0.6]])).difference).all()
