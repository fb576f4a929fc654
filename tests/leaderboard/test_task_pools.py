"""Ranking models over tasks that no benchmark picked."""

from __future__ import annotations

import numpy as np
import pytest

from leaderboard.task_pools import PoolTask, pool_of, rank_pool

NAN = np.nan


def test_a_pool_lays_its_tasks_side_by_side() -> None:
    pool = pool_of([PoolTask(7, [3, 1], [0.3, 0.1]), PoolTask(8, [2], [0.2])])
    assert (pool.task_ids, pool.model_meta_ids) == ([7, 8], [1, 2, 3])
    assert np.array_equal(pool.scores, [[0.1, NAN], [NAN, 0.2], [0.3, NAN]], equal_nan=True)
    assert pool.only({1, 3}).model_meta_ids == [1, 3]


def test_a_model_is_not_first_for_having_run_more_tasks() -> None:
    scores = np.array([[0.5, 0.5, 0.5, 0.5], [0.9, 0.9, NAN, NAN], [0.1, 0.1, 0.4, 0.4], [0.2, 0.2, 0.3, 0.3]])
    ranking = rank_pool(scores)
    assert ranking.win_rate.tolist() == pytest.approx([8 / 10, 1.0, 2 / 10, 2 / 10])
    assert ranking.rank.tolist() == [2, 1, 3, 3]
    assert ranking.borda_rank.tolist() == [1, 2, 3, 3]
    assert ranking.mean.tolist() == pytest.approx([0.5, 0.9, 0.25, 0.25])


def test_a_task_that_few_models_ran_does_not_count() -> None:
    scores = np.array([[0.5, NAN], [0.6, NAN], [0.7, 0.1]])
    ranking = rank_pool(scores)
    assert ranking.counted.tolist() == [True, False]
    assert ranking.done.tolist() == [1, 1, 1]


def test_a_model_with_fewer_than_half_of_the_tasks_has_no_rank() -> None:
    scores = np.array([[0.9, NAN, NAN], [0.5, 0.5, 0.5], [0.4, 0.4, 0.4]])
    ranking = rank_pool(scores)
    assert ranking.rank.tolist() == [0, 1, 2]
    assert ranking.win_rate[0] == 1.0


def test_equal_scores_are_half_a_win_and_share_the_better_rank() -> None:
    ranking = rank_pool(np.array([[0.5], [0.5], [0.4]]))
    assert ranking.win_rate.tolist() == [0.75, 0.75, 0.0]
    assert ranking.rank.tolist() == [1, 1, 3]


def test_a_model_alone_is_first_without_a_win_rate() -> None:
    ranking = rank_pool(np.array([[0.5]]))
    assert ranking.rank.tolist() == [1]
    assert np.isnan(ranking.win_rate).all()


def test_an_empty_pool_ranks_nobody() -> None:
    ranking = rank_pool(pool_of([]).scores)
    assert len(ranking.rank) == len(ranking.counted) == 0
