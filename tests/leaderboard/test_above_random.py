"""Means on a scale that begins at chance."""

import numpy as np

from leaderboard.above_random import above_random, n_comparable

NAN = np.nan


def test_chance_is_nothing_and_everything_right_is_one() -> None:
    scores = np.array([[0.5, 0.1], [1.0, 1.0], [0.75, 0.55]])
    found = above_random(scores, np.array([0.5, 0.1]), np.array([1, 1]))
    np.testing.assert_allclose(found, [0.0, 1.0, 0.5])


def test_worse_than_chance_is_negative() -> None:
    assert above_random(np.array([[0.25]]), np.array([0.5]), np.array([1]))[0] == -0.5


def test_tasks_without_a_measured_chance_do_not_count() -> None:
    chance = np.array([0.5, NAN, 1.0])
    found = above_random(np.array([[0.75, NAN, 0.2]]), chance, np.array([1, 1, 1]))
    assert found.tolist() == [0.5]
    assert n_comparable(chance) == 1


def test_strict_means_are_blank_with_the_first_blank_task_and_lenient_ones_go_on() -> None:
    scores, chance, weights = np.array([[0.75, NAN]]), np.array([0.5, 0.0]), np.array([1, 1])
    assert np.isnan(above_random(scores, chance, weights)).all()
    assert above_random(scores, chance, weights, lenient=True).tolist() == [0.5]


def test_a_task_counts_as_often_as_it_weighs() -> None:
    found = above_random(np.array([[1.0, 0.0]]), np.array([0.0, 0.0]), np.array([3, 1]))
    assert found.tolist() == [0.75]
