"""Estimates, corrected by what has finished."""

from __future__ import annotations

import pytest

from evaluation.pace import Piece, pace, remaining_seconds, side_by_side


def test_without_anything_finished_the_estimates_hold() -> None:
    assert pace([]) == 1


def test_long_tasks_that_took_twice_as_long_double_the_pace_and_short_ones_hardly_change_it() -> None:
    assert pace([(6000, 12000)]) == pytest.approx(2, abs=0.02)
    assert pace([(1, 2)]) == pytest.approx(1, abs=0.02)


def test_what_a_task_has_taken_is_no_longer_left() -> None:
    assert remaining_seconds([Piece(100), Piece(100, elapsed=30)], 2.0) == [200, 170]


def test_a_task_that_takes_longer_than_estimated_is_never_said_to_have_ended() -> None:
    assert remaining_seconds([Piece(100, elapsed=5000)], 1.0) == [10]


def test_a_task_that_nobody_knows_is_like_the_others_and_of_none_nothing_can_be_said() -> None:
    assert remaining_seconds([Piece(100), Piece(300), Piece(None)], 1.0) == [100, 300, 200]
    assert remaining_seconds([Piece(None)], 1.0) is None
    assert remaining_seconds([], 1.0) == []


def test_places_take_the_longest_piece_first() -> None:
    assert side_by_side([10, 10, 10, 30], 1) == 60
    assert side_by_side([10, 10, 10, 30], 2) == 30
    assert side_by_side([], 2) == 0
