"""What the scores of a task say about the task."""

from collections.abc import Sequence

import numpy as np
import pytest
from scipy import stats

from leaderboard.task_statistics import (
    FEWEST_MODELS,
    MOST_BINS,
    agreement,
    axis_ticks,
    competition_ranks,
    distribution,
    histogram,
    kendall,
    mean_of_others,
    relative_spread,
    reliability,
    separation,
    share_from,
    spearman,
    standard_error,
)

NAN = float("nan")


@pytest.mark.parametrize(("n", "levels"), [(2, 2), (7, 3), (64, 1000), (100, 10), (333, 40)])
def test_rank_correlations_equal_those_of_scipy(n: int, levels: int) -> None:
    random = np.random.default_rng(n)
    first = random.integers(levels, size=n) / 7
    second = first + random.integers(levels, size=n) / 5
    first[0], second[-1] = -1, 9.5
    assert spearman(first, second) == pytest.approx(stats.spearmanr(first, second).statistic)
    assert kendall(first, second) == pytest.approx(stats.kendalltau(first, second).statistic)
    assert kendall(first, -second) == pytest.approx(stats.kendalltau(first, -second).statistic)


def test_equal_scores_share_the_better_rank_and_blank_ones_have_none() -> None:
    np.testing.assert_array_equal(competition_ranks([0.5, NAN, 0.9, 0.5, 0.1]), [2, NAN, 1, 2, 4])


def test_what_does_not_vary_correlates_with_nothing() -> None:
    for correlation in (spearman, kendall):
        assert correlation([1, 1, 1], [1, 2, 3]) is None
        assert correlation([1], [1]) is None
        assert correlation([], []) is None


def test_agreement_takes_the_models_that_have_both_scores_and_needs_a_few() -> None:
    scores = [0.1, 0.2, 0.3, 0.4, 0.5]
    found = agreement([*scores, NAN, 0.9], [*scores, 0.7, NAN])
    assert (found.n_models, found.spearman, found.kendall) == (FEWEST_MODELS, 1, 1)
    few = agreement(scores[1:], scores[1:])
    assert (few.n_models, few.spearman, few.kendall) == (FEWEST_MODELS - 1, None, None)


def test_the_mean_of_the_others_leaves_out_the_task_itself_and_columns_that_nobody_has() -> None:
    table = [[9, 0.2, 0.4, NAN], [9, NAN, 0.5, NAN]]
    np.testing.assert_array_equal(mean_of_others(table, 0), [0.30000000000000004, NAN])
    np.testing.assert_array_equal(mean_of_others([[0.5]], 0), [NAN])


def test_a_distribution_has_five_numbers_over_known_scores() -> None:
    found = distribution([0.4, NAN, 0.1, 0.2, 0.3])
    assert found
    assert (found.n, found.lowest, found.median, found.highest) == (4, 0.1, 0.25, 0.4)
    assert found.middle_half == pytest.approx(0.15)
    assert distribution([NAN]) is None
    assert share_from([0.95, 0.94, NAN, 1.0], 0.95) == pytest.approx(2 / 3)
    assert share_from([], 0.95) == 0


@pytest.mark.parametrize(
    ("scores", "edges", "counts"),
    [
        ([0.1, 0.3, 0.3, 0.7], [0.0, 0.5, 1.0], [3, 1]),
        ([0.5, 1.0], [0.5, 1.0], [2]),
        ([-1.0, 0.0, 1.0], [-1.0, 0.0, 1.0], [1, 2]),
        ([], [], []),
    ],
)
def test_a_histogram_has_round_edges_and_the_last_one_belongs_to_its_bin(
    scores: Sequence[float], edges: list[float], counts: list[int]
) -> None:
    found = histogram(scores, most_bins=3)
    assert (found.edges, found.counts) == (edges, counts)


@pytest.mark.parametrize("scale", [1e-6, 0.003, 0.07, 1, 5000])
def test_a_histogram_loses_no_score_and_has_few_bins(scale: float) -> None:
    scores = np.random.default_rng(1).normal(size=500) * scale
    found = histogram(scores)
    assert sum(found.counts) == 500
    assert len(found.counts) <= MOST_BINS
    assert len(found.edges) == len(found.counts) + 1
    assert found.edges[0] <= scores.min()
    assert scores.max() <= found.edges[-1]


def test_equal_scores_are_one_bin() -> None:
    found = histogram([0.5, 0.5])
    assert found.counts == [2]
    assert found.edges[0] == 0.5


def test_the_ticks_of_an_axis_are_round_and_within_it() -> None:
    assert axis_ticks(0.03, 0.97) == [0.2, 0.4, 0.6, 0.8]


def test_the_standard_error_of_a_mean_over_cells_comes_from_repeated_runs() -> None:
    assert standard_error([[0.4, 0.6]]) == pytest.approx(0.1)
    assert standard_error([[0.4, 0.6], [0.5, 0.5]]) == pytest.approx(0.05)
    assert standard_error([[0.4, 0.6], [0.5]]) is None
    assert standard_error([]) is None


def test_models_are_separated_where_they_differ_by_more_than_noise() -> None:
    found = separation([0.5, 0.6, NAN, 0.61], [0.01, 0.01, 0.01, 0.01])
    assert found
    assert found.pairs == pytest.approx(2 / 3)
    assert (found.n_models, found.neighbours, found.tied_with_best) == (3, 0.5, 1)
    assert separation([0.5, 0.6], [0.01, NAN]) is None


def test_separation_counts_every_pair_however_many_models_there_are() -> None:
    found = separation(np.arange(600.0), np.full(600, 0.6))
    assert found
    assert found.pairs == pytest.approx(1 - 599 / (600 * 599 / 2))
    assert found.neighbours == 0


def test_reliability_is_the_share_of_variance_that_is_not_noise() -> None:
    assert reliability([0.4, 0.6], [0.1, 0.1]) == pytest.approx(0.5)
    assert reliability([0.4, 0.6], [0.9, 0.9]) == 0
    assert reliability([0.5, 0.5], [0.1, 0.1]) is None
    assert reliability([0.5], [0.1]) is None


def test_spread_is_compared_with_the_median_task_of_the_board() -> None:
    narrow, usual, wide = ([step * i for i in range(FEWEST_MODELS)] for step in (0.01, 0.02, 0.04))
    table = np.array([narrow, usual, wide]).T
    assert relative_spread(table, 0) == pytest.approx(0.5)
    assert relative_spread(table, 2) == pytest.approx(2)
    assert relative_spread(table[:2], 0) is None
