"""Draws against a slow reference that ranks the drawn columns as a board of their own; bounds against numpy, scipy."""

from __future__ import annotations

import math
from typing import Any, NamedTuple, TypeVar

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from leaderboard.aggregation import CellArrays, Cells, Floats, Ints
from leaderboard.bootstrap import (
    SEED,
    Ballot,
    draw_counts,
    draw_means,
    draw_ranks,
    intervals,
    is_tied_with_top,
)
from leaderboard.methods import Method, method_scores, ranks_by
from leaderboard.ranking import SORT_COLUMNS, Entrants, Rules, Summary, borda_ranks, summarise

EVERY_MEAN = ("mean_task", "mean_task_type", "mean_public", "mean_private")
T = TypeVar("T")
# Sums of its multiples divide evenly by every number of tasks and types that occurs, so equal means are equal floats.
EVEN = 6.0 * math.lcm(*range(1, 25))


class Board(NamedTuple):
    """(rows, tasks, subsets) scores, NaN where a row has no cell, and what a benchmark says of the tasks."""

    scores: Floats
    model_of_row: Ints
    types: list[str]
    is_public: list[bool]
    weights: list[int]
    sort_columns: tuple[str, ...] = ()
    by_subset: bool = False

    def drawn(self, columns: Ints) -> Board:
        """The board whose tasks are these, each as often as it is named."""
        return self._replace(
            scores=self.scores[:, columns],
            types=[self.types[column] for column in columns],
            is_public=[self.is_public[column] for column in columns],
            weights=[self.weights[column] for column in columns],
        )

    def summary(self, *, lenient: bool = False) -> Summary | None:
        _, n_tasks, n_subsets = self.scores.shape
        row, task, subset = np.nonzero(~np.isnan(self.scores))
        cells = Cells(
            source=CellArrays(row, task * n_subsets + subset, self.scores[row, task, subset]),
            model_of_row=self.model_of_row,
            task_of=np.repeat(np.arange(n_tasks), n_subsets),
            split_of=np.zeros(n_tasks * n_subsets, dtype=np.intp),
            subset_of=np.tile(np.arange(n_subsets), n_tasks),
            n_models=int(self.model_of_row.max()) + 1,
            n_tasks=n_tasks,
        )
        shown = {"mean_task", "mean_task_type", "public_private"} | ({"mean_subset"} if self.by_subset else set())
        rules = Rules(
            task_names=[f"task {task}" for task in range(n_tasks)],
            task_types=self.types,
            task_is_public=self.is_public,
            aggregations=shown,
            sort_columns=self.sort_columns,
            weights=self.weights,
        )
        experiments = [str(row) for row in range(len(self.model_of_row))]
        return summarise(cells, rules, Entrants(experiments, [None] * cells.n_models), lenient=lenient)


@st.composite
def boards(draw: st.DrawFn, sort_columns: tuple[str, ...] = (), *, by_subset: bool = False) -> Board:
    """Small boards full of ties and blanks, with partial tasks, variants, and tasks that weigh more."""
    n_rows, n_tasks = draw(st.integers(1, 6)), draw(st.integers(2, 8))
    n_subsets = draw(st.integers(1, 2))
    numbers = st.sampled_from([np.nan, 0.0, EVEN, 2 * EVEN, 4 * EVEN])
    size = n_rows * n_tasks * n_subsets
    scores = np.array(draw(st.lists(numbers, min_size=size, max_size=size))).reshape(n_rows, n_tasks, n_subsets)
    model_of_row = np.sort(draw(st.lists(st.integers(0, n_rows - 1), min_size=n_rows, max_size=n_rows)))

    def each(of: st.SearchStrategy[T]) -> st.SearchStrategy[list[T]]:
        return st.lists(of, min_size=n_tasks, max_size=n_tasks)

    return Board(
        scores=scores,
        model_of_row=np.unique(model_of_row, return_inverse=True)[1],
        types=draw(each(st.sampled_from("abc"))),
        is_public=draw(each(st.booleans())),
        weights=draw(each(st.sampled_from([1, 1, 3]))),
        sort_columns=sort_columns,
        by_subset=by_subset,
    )


def ballot_of(board: Board, summary: Summary, **choices: Any) -> Ballot:
    """Its rows stand in the order of their codes, which breaks ties between the variants of a model."""
    order = np.argsort(summary.rows)
    subset_mean, of_rows = summary.means["mean_subset"], summary.votes.of_rows
    return Ballot(
        votes=summary.votes.scores,
        task_of_voter=summary.votes.task_of_voter,
        model_of_row=board.model_of_row[summary.rows[order]],
        task_scores=summary.task_scores[order],
        task_types=[board.types[task] for task in summary.tasks],
        is_public=np.array(board.is_public)[summary.tasks],
        sort_means=[SORT_COLUMNS[name] for name in board.sort_columns],
        weights=np.array(board.weights)[summary.tasks],
        subset_scores=None if subset_mean is None or of_rows is None else of_rows[summary.rows[order]],
        **choices,
    )


def check_against_boards_of_the_drawn_columns(board: Board, *, lenient: bool = False) -> None:
    summary = board.summary(lenient=lenient)
    if summary is None:
        return
    ballot = ballot_of(board, summary, lenient=lenient)
    counts = draw_counts(ballot.task_types, draws=8, seed=len(board.scores))
    rows, ranks = np.sort(summary.rows), draw_ranks(ballot, counts)
    names = [*EVERY_MEAN, "mean_subset"] if board.by_subset else EVERY_MEAN
    means = {name: draw_means(ballot, counts, name) for name in names}
    for draw, count in enumerate(counts):
        drawn = board.drawn(np.repeat(summary.tasks, count)).summary(lenient=lenient)
        if drawn is None:
            continue
        places = np.searchsorted(rows, drawn.rows)
        assert ranks[draw, places].tolist() == drawn.rank.tolist()
        for name in names:
            on_board, in_draw = summary.means[name], drawn.means[name]
            assert on_board is not None
            assert in_draw is not None
            expected = np.where(np.isnan(on_board[np.argsort(summary.rows)][places]), np.nan, in_draw)
            # Sums of 8 numbers in another order.
            np.testing.assert_allclose(means[name][places, draw], expected, rtol=1e-14)


@given(boards())
@settings(max_examples=40, deadline=None)
def test_a_draw_ranks_as_the_board_of_the_drawn_tasks(board: Board) -> None:
    check_against_boards_of_the_drawn_columns(board)


@given(boards())
@settings(max_examples=25, deadline=None)
def test_lenient_means_of_a_draw_are_those_of_the_board_of_the_drawn_tasks(board: Board) -> None:
    check_against_boards_of_the_drawn_columns(board, lenient=True)


@given(boards(by_subset=True))
@settings(max_examples=25, deadline=None)
def test_subsets_vote_in_a_draw_as_often_as_their_task_is_drawn(board: Board) -> None:
    check_against_boards_of_the_drawn_columns(board)


@given(boards(sort_columns=("Mean (Task)", "Mean (Public)", "Mean (Private)")), st.booleans())
@settings(max_examples=40, deadline=None)
def test_a_draw_numbers_rows_by_means_where_the_board_does(board: Board, lenient: bool) -> None:
    check_against_boards_of_the_drawn_columns(board, lenient=lenient)


@given(boards(sort_columns=("Mean (TaskType)",)))
@settings(max_examples=25, deadline=None)
def test_a_draw_numbers_rows_by_the_mean_over_types_where_the_board_does(board: Board) -> None:
    check_against_boards_of_the_drawn_columns(board)


@given(boards(), st.sampled_from([method for method in Method if method is not Method.OFFICIAL]), st.booleans())
@settings(max_examples=40, deadline=None)
def test_a_draw_ranks_by_any_method_the_rows_that_it_ranks_on_the_board(
    board: Board, method: Method, lenient: bool
) -> None:
    summary = board.summary()
    if summary is None:
        return
    ballot = ballot_of(board, summary, method=method, lenient=lenient)
    counts = draw_counts(ballot.task_types, draws=8, seed=len(board.scores))
    ranks = draw_ranks(ballot, counts)
    assert ballot.weights is not None
    ranked = ~np.isnan(method_scores(method, ballot.task_scores, ballot.task_types, lenient=lenient))
    for draw, count in enumerate(counts):
        columns = np.repeat(np.arange(ballot.n_tasks), count)
        types = np.array(ballot.task_types)[columns].tolist()
        expected = np.zeros(len(ranked), dtype=np.intp)
        scores = ballot.task_scores[ranked][:, columns]
        weights = ballot.weights[columns]
        expected[ranked] = ranks_by(method_scores(method, scores, types, lenient=lenient, weights=weights))
        assert ranks[draw].tolist() == expected.tolist()


def plain(scores: Floats, **choices: Any) -> Ballot:
    """Every row a model, every task a voter, one task type."""
    n_rows, n_tasks = scores.shape
    facts: dict[str, Any] = {
        "votes": scores,
        "task_of_voter": np.arange(n_tasks),
        "model_of_row": np.arange(n_rows),
        "task_scores": scores,
        "task_types": ["a"] * n_tasks,
        "is_public": np.ones(n_tasks, dtype=bool),
        "means": ("mean_task",),
    }
    return Ballot(**{**facts, **choices})


def random_scores(n_rows: int, n_tasks: int) -> Floats:
    """With ties, and some rows that have few tasks."""
    rng = np.random.default_rng(5)
    scores = (rng.random((n_rows, n_tasks)) + rng.random((n_rows, 1))).round(2)
    scores[rng.random(scores.shape) < rng.choice([0.0, 0.5, 0.95], size=(n_rows, 1))] = np.nan
    return scores[~np.isnan(scores).all(axis=1)]


@pytest.mark.parametrize("weight", [1, 30_000])
def test_large_boards_and_numbers_rank_as_small_ones(weight: int) -> None:
    scores = random_scores(900, 12)
    ballot = plain(scores, weights=np.full(12, weight))
    counts = draw_counts(ballot.task_types, draws=300, seed=SEED)
    ranks = draw_ranks(ballot, counts)
    for draw in (0, 149, 299):
        votes = np.where(counts[draw] > 0, scores, np.nan)
        entered = (~np.isnan(votes)).sum(axis=1) > 0
        expected = borda_ranks(votes, int(entered.sum()), entered, counts[draw] * weight)
        assert ranks[draw].tolist() == expected.tolist()


def test_bounds_are_percentiles_of_the_draws_that_have_a_rank() -> None:
    ballot = plain(random_scores(60, 9))
    counts = draw_counts(ballot.task_types, draws=500, seed=SEED)
    ranks = draw_ranks(ballot, counts)
    found = intervals(ballot, draws=500)
    drawn = [row[row > 0] for row in ranks.T]
    assert min(map(len, drawn)) < 500
    assert found.rank_low.tolist() == [np.percentile(row, 2.5, method="lower") for row in drawn]
    assert found.rank_high.tolist() == [np.percentile(row, 97.5, method="higher") for row in drawn]


@pytest.mark.parametrize("method", Method)
@pytest.mark.parametrize("rows", [[3], [50, 2, 2], list(range(0, 60, 2)), []])
def test_the_intervals_of_some_rows_are_those_that_they_have_among_all(method: Method, rows: list[int]) -> None:
    ballot = plain(random_scores(90, 9), method=method)
    every, some = intervals(ballot, draws=300), intervals(ballot, rows=np.array(rows, dtype=np.intp), draws=300)
    assert some.rank_low.tolist() == every.rank_low[rows].tolist()
    assert some.rank_high.tolist() == every.rank_high[rows].tolist()
    for name, bounds in some.means.items():
        for found, expected in zip(bounds, every.means[name], strict=True):
            np.testing.assert_allclose(found, expected[rows], rtol=1e-13)


def test_so_are_those_of_rows_that_are_numbered_by_means() -> None:
    ballot = plain(random_scores(90, 9), sort_means=("mean_task",))
    every, some = intervals(ballot, draws=300), intervals(ballot, rows=np.array([1, 30]), draws=300)
    assert some.rank_low.tolist() == every.rank_low[[1, 30]].tolist()
    assert some.rank_high.tolist() == every.rank_high[[1, 30]].tolist()


def test_a_mean_has_the_interval_that_scipy_gives_it() -> None:
    """To the last digits: both draw with the same generator. Sums run in another order."""
    scores = np.random.default_rng(1).random((3, 20))
    low, high = intervals(plain(scores)).means["mean_task"]
    for row, tasks in enumerate(scores):
        rng = np.random.default_rng(SEED)
        expected = scipy.stats.bootstrap((tasks,), np.mean, n_resamples=2000, method="percentile", rng=rng)
        np.testing.assert_allclose((low[row], high[row]), tuple(expected.confidence_interval), rtol=1e-12)


def test_a_blank_mean_has_no_interval_unless_it_is_lenient() -> None:
    scores = np.array([[0.5, 0.6, 0.7], [0.5, np.nan, 0.7]])
    low, high = intervals(plain(scores)).means["mean_task"]
    assert np.isnan(low).tolist() == np.isnan(high).tolist() == [False, True]
    low, high = intervals(plain(scores, lenient=True)).means["mean_task"]
    assert (low[1], high[1]) == (0.5, 0.7)


def test_one_task_gives_no_interval() -> None:
    found = intervals(plain(np.array([[0.5], [0.4]])))
    assert found.rank_low.tolist() == found.rank_high.tolist() == [0, 0]
    assert np.isnan(found.means["mean_task"]).all()


def test_where_no_run_is_complete_nobody_has_a_complete_rank() -> None:
    found = intervals(plain(np.array([[0.5, np.nan], [np.nan, 0.4]]), method=Method.COMPLETE))
    assert found.rank_low.tolist() == found.rank_high.tolist() == [0, 0]


def test_a_row_that_wins_every_task_is_always_first() -> None:
    found = intervals(plain(np.array([[0.4, 0.5, 0.6], [0.9, 0.9, 0.9], [0.6, 0.5, 0.4]])))
    assert (found.rank_low[1], found.rank_high[1]) == (1, 1)
    assert (found.rank_low[0], found.rank_high[0]) == (2, 3)


def test_the_same_seed_draws_the_same_tasks() -> None:
    ballot = plain(random_scores(30, 10))
    assert intervals(ballot).rank_low.tolist() == intervals(ballot).rank_low.tolist()
    other = draw_counts(ballot.task_types, draws=10, seed=SEED + 1)
    assert other.tolist() != draw_counts(ballot.task_types, draws=10, seed=SEED).tolist()


def test_a_draw_has_as_many_tasks_as_the_board_and_stratified_as_many_of_each_type() -> None:
    types = ["a", "b", "a", "c", "b", "a"]
    assert (draw_counts(types, draws=100, seed=SEED).sum(axis=1) == 6).all()
    stratified = draw_counts(types, draws=100, seed=SEED, stratified=True)
    of_type = {name: stratified[:, [other == name for other in types]].sum(axis=1) for name in "abc"}
    assert {name: set(counts.tolist()) for name, counts in of_type.items()} == {"a": {3}, "b": {2}, "c": {1}}


def test_rows_whose_interval_reaches_one_are_tied_with_the_top() -> None:
    tied = [is_tied_with_top(rank, low) for rank, low in ((1, 2), (2, 1), (3, 3), (0, None))]
    assert tied == [True, True, False, False]
