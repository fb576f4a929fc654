"""How far ranks and means depend on which tasks a board happens to have: a percentile bootstrap over tasks.

Each draw takes as many task columns as the board has, with replacement, and ranks the board over them. All rules are
linear in how often each task was drawn, so the draws are a matrix of counts, the points of all models in all draws are
one matrix product, and the ranks are one sort per draw. docs/statistics.md has the method and what it assumes.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from leaderboard import methods
from leaderboard.aggregation import Bools, Floats, Ints
from leaderboard.methods import Method, average_rank_table, columns_by_type

DRAWS = 2_000
SEED = 1979
LOW, HIGH = 0.025, 0.975
MEANS = ("mean_task", "mean_task_type", "mean_public", "mean_private")
MEAN_SUBSET = "mean_subset"

Array = npt.NDArray[Any]

_MIN_TASKS = 2  # One task drawn again and again is the board itself.
_STEPS = 2**40  # From the largest score to zero; means and win rates are compared in such steps.
# What a thread takes on at a time: enough for a matrix product to pay, little enough to stay small.
_DRAWS_AT_ONCE, _ROWS_AT_ONCE = 250, 128
_IN_CACHE = 2**17  # Numbers of an array that is gone through several times.
_FEW = 0.25  # Up to this share of the entries, looking each of them up is faster than ranking all.


@dataclass(frozen=True, slots=True, eq=False)
class Ballot:
    """What a board is ranked from. Blank is NaN.

    `votes` is (models, voters), where voter `v` speaks for the task column `task_of_voter[v]`. `task_scores` is
    (rows, tasks), and row `r` stands for the model `model_of_row[r]`. Models are numbered in the order that breaks
    ties, which is that of the rows within a model; those without a row vote too. A task counts `weights` times, once
    by default.

    `means` names the means that intervals are wanted for. The official method numbers the rows by `sort_means` where
    there are any, and else ranks the models by Borda points. `subset_scores` is (rows, voters), for boards that show
    `mean_subset`: NaN for a pair that the row does not have, and in the whole row where the board's mean is blank.
    """

    votes: Floats
    task_of_voter: Ints
    model_of_row: Ints
    task_scores: Floats
    task_types: Sequence[str]
    is_public: Bools
    sort_means: Sequence[str] = ()
    method: Method = Method.OFFICIAL
    lenient: bool = False
    means: Sequence[str] = MEANS
    weights: Ints | None = None
    subset_scores: Floats | None = None

    @property
    def n_tasks(self) -> int:
        return self.task_scores.shape[1]


@dataclass(frozen=True, slots=True, eq=False)
class Intervals:
    """Arrays aligned with the rows asked for. Ranks are 0 and means NaN where there is no interval."""

    rank_low: Ints
    rank_high: Ints
    means: dict[str, tuple[Floats, Floats]] = field(default_factory=dict)


def intervals(
    ballot: Ballot, *, rows: Ints | None = None, draws: int = DRAWS, seed: int = SEED, stratified: bool = False
) -> Intervals:
    """From the 2.5th to the 97.5th percentile of each row's rank and means over the draws; without `rows` of all.

    Bounds of ranks are ranks that were drawn: where a percentile falls between two draws, the lower bound is the better
    rank and the upper one the worse, so at least 95% of the draws lie within. Bounds of means are interpolated. Draws
    in which a row has no rank or mean are left out of its percentiles. `stratified` draws from each task type as many
    tasks as it has.
    """
    rows = np.arange(len(ballot.task_scores)) if rows is None else rows
    if ballot.n_tasks < _MIN_TASKS or len(rows) == 0:
        nothing = np.zeros(len(rows), dtype=np.intp)
        return Intervals(nothing, nothing, {name: (np.full(len(rows), np.nan),) * 2 for name in ballot.means})
    counts = draw_counts(ballot.task_types, draws=draws, seed=seed, stratified=stratified)
    contest = _contest(ballot, counts)
    entry_of_row = contest.entry_of_row[rows]
    entries = np.unique(entry_of_row[entry_of_row >= 0])
    low, high = _rank_bounds(_drawn_ranks(contest, draws, entries))
    places = np.where(entry_of_row < 0, len(entries), np.searchsorted(entries, entry_of_row))
    return Intervals(
        rank_low=low[places],
        rank_high=high[places],
        means={name: _mean_bounds(ballot, counts, name, rows) for name in ballot.means},
    )


def is_tied_with_top(rank: int | None, rank_low: int | None) -> bool:
    """Whether the tasks at hand cannot tell a row from the best: it has rank 1, or its interval reaches 1.

    That is, the row comes first in at least one of forty draws.
    """
    return rank == 1 or rank_low == 1


def draw_counts(task_types: Sequence[str], *, draws: int, seed: int, stratified: bool = False) -> Ints:
    """(draws, tasks): how often each task was drawn."""
    n_tasks = len(task_types)
    rng = np.random.default_rng(seed)
    strata = columns_by_type(task_types) if stratified else [np.arange(n_tasks)]
    drawn = [columns[rng.integers(len(columns), size=(draws, len(columns)))] for columns in strata]
    places = np.concatenate(drawn, axis=1) + np.arange(draws)[:, None] * n_tasks
    return np.bincount(places.ravel(), minlength=draws * n_tasks).reshape(draws, n_tasks)


def draw_ranks(ballot: Ballot, counts: Ints) -> Ints:
    """(draws, rows): the rank of each row in each draw, 0 where it has none."""
    contest = _contest(ballot, counts)
    drawn = _drawn_ranks(contest, len(counts), np.arange(contest.n_entries))
    ranks = np.zeros((len(counts), contest.n_entries + 1), dtype=np.intp)
    ranks[:, :-1] = np.where(drawn == _unranked(drawn), 0, drawn)
    return ranks[:, contest.entry_of_row]


def draw_means(ballot: Ballot, counts: Ints, name: str) -> Floats:
    """(rows, draws): one of the board's means in each draw; NaN where it is blank, there or on the board itself."""
    mean, scores = _drawn_mean(ballot, counts, name)
    values = np.full((len(scores), len(counts)), np.nan)
    rows = np.flatnonzero(mean.is_known(scores))
    values[rows] = mean.of(scores[rows])
    return values


class _Contest(Protocol):
    """What ranks its entries (models or rows) in any draw: by badness, a whole number, the lowest of which wins.

    `worst` is the badness of an entry that has no rank. Row `r` has the rank of `entry_of_row[r]`, none if that is -1.
    """

    n_entries: int
    worst: int
    entry_of_row: Ints

    def badness(self, draws: slice) -> Array: ...


def _contest(ballot: Ballot, counts: Ints) -> _Contest:
    times = _times(ballot, counts)
    scores = ballot.task_scores
    match ballot.method:
        case Method.OFFICIAL:
            return _Numbered(ballot, times) if ballot.sort_means else _official_borda(ballot, times)
        case Method.COMPLETE:
            rows = np.flatnonzero(methods.complete_rows(scores))
            by_task = np.arange(ballot.n_tasks)
            return _Borda(scores[rows], by_task, ~np.isnan(scores[rows]), times, _entries(rows, len(scores)))
        case Method.WIN_RATE:
            return _win_rate(scores, times)
        case Method.MEAN_TASK | Method.MEAN_TASK_TYPE:
            mean, _ = _drawn_mean(ballot, counts, ballot.method.value)
            rows = np.flatnonzero(mean.is_known(scores))
            values = partial(mean.of, scores[rows])
            return _ByValue(values, _span(scores), _entries(rows, len(scores)))


def _times(ballot: Ballot, counts: Ints) -> Ints:
    """(draws, tasks): how often each task counts in each draw."""
    return counts if ballot.weights is None else counts * ballot.weights


def _entries(rows: Ints, n_rows: int) -> Ints:
    """(n_rows,): the place of each row in `rows`, -1 for the others."""
    entry = np.full(n_rows, -1, dtype=np.intp)
    entry[rows] = np.arange(len(rows))
    return entry


def _official_borda(ballot: Ballot, times: Ints) -> _Contest:
    voting = np.flatnonzero(~np.isnan(ballot.votes).all(axis=1))
    entry_of_row = _entries(voting, len(ballot.votes))[ballot.model_of_row]
    return _Borda(ballot.votes[voting], ballot.task_of_voter, ~np.isnan(ballot.task_scores), times, entry_of_row)


class _Borda:
    """Ranks by Borda points: `n - average rank` from each vote, `n` being the rows that have a task in the draw.

    Badness is twice the points lost, a whole number because average ranks are half-integers, plus a constant that keeps
    it positive. All of it is one product: how often each task was drawn, and so often times `n`, and the constant.
    """

    def __init__(self, votes: Floats, task_of_voter: Ints, known: Bools, times: Ints, entry_of_row: Ints) -> None:
        self.n_entries = len(votes)
        self.entry_of_row = entry_of_row
        voters = np.bincount(task_of_voter, minlength=times.shape[1])
        self._n = int(known.any(axis=1).sum())
        most_points = 2 * max(self._n, len(votes)) * int((times @ voters).max(initial=0))
        self.worst = 2 * most_points + 1
        exact = _exact_float(self.worst)
        lost = _by_task(2 * np.nan_to_num(average_rank_table(votes)), task_of_voter, times.shape[1])
        cast = _by_task(~np.isnan(votes), task_of_voter, times.shape[1])
        self._times = times.astype(exact)
        self._factors = np.vstack([lost, cast, np.full(len(votes), most_points)]).astype(exact)
        # Whoever has more tasks than any draw misses is in every draw.
        most_missed = int((times == 0).sum(axis=1).max(initial=0))
        n_known = known.sum(axis=1)
        self._rare_rows = known[(n_known > 0) & (n_known <= most_missed)].T.astype(exact)
        self._rare = np.flatnonzero((cast > 0).sum(axis=0) <= most_missed)
        self._rare_votes = cast[:, self._rare].astype(exact)

    def badness(self, draws: slice) -> Array:
        times = self._times[draws]
        n = self._n - (times @ self._rare_rows == 0).sum(axis=1).astype(times.dtype)
        badness = np.hstack([times, -2 * n[:, None] * times, np.ones_like(n)[:, None]]) @ self._factors
        draw, entry = np.nonzero(times @ self._rare_votes == 0)
        badness[draw, self._rare[entry]] = self.worst
        return badness


def _by_task(values: Array, task_of_voter: Ints, n_tasks: int) -> Floats:
    """(models, voters) -> (tasks, models): the sum over the voters of each task."""
    sums = np.zeros((n_tasks, len(values)))
    for task, column in zip(task_of_voter, values.T, strict=True):
        sums[task] += column
    return sums


class _ByValue:
    """Ranks by a number, the higher the better: `values` gives (entries, draws) between -span and span."""

    worst = 2 * _STEPS + 1

    def __init__(self, values: Callable[[slice], Floats], span: float, entry_of_row: Ints) -> None:
        self.entry_of_row = entry_of_row
        self.n_entries = int(entry_of_row.max(initial=-1)) + 1
        self._values = values
        self._span = span

    def badness(self, draws: slice) -> Array:
        badness = _steps_below(self._span, np.ascontiguousarray(self._values(draws).T))
        return np.where(np.isnan(badness), self.worst, badness)


def _win_rate(scores: Floats, times: Ints) -> _Contest:
    won, compared = methods.win_tallies(scores)
    rows = np.flatnonzero(compared.any(axis=1))

    def rates(draws: slice) -> Floats:
        drawn = times[draws].T.astype(np.float64)
        with np.errstate(invalid="ignore"):
            return (won[rows] @ drawn) / (compared[rows] @ drawn)

    return _ByValue(rates, 1.0, _entries(rows, len(scores)))


class _Numbered:
    """Numbers the rows by means, blank ones last, equals in the order of models; rows without a task have no number."""

    def __init__(self, ballot: Ballot, times: Ints) -> None:
        n_rows = len(ballot.task_scores)
        self.n_entries = self.worst = n_rows
        self.entry_of_row = np.arange(n_rows)
        self._scores = ballot.task_scores
        self._known = (~np.isnan(ballot.task_scores)).astype(np.float32)
        self._times = times.astype(np.float32)
        self._ties = np.lexsort((self.entry_of_row, ballot.model_of_row)).argsort()
        self._span = _span(ballot.task_scores)
        self._means = [_DrawnMean(_groups(ballot, name), times, ballot.lenient) for name in ballot.sort_means]

    def badness(self, draws: slice) -> Array:
        absent = self._times[draws] @ self._known.T == 0
        keys = [_blank_last(_steps_below(self._span, mean.of(self._scores, draws).T)) for mean in self._means]
        order = np.lexsort([np.broadcast_to(self._ties, absent.shape), *keys[::-1], absent], axis=-1)
        numbers = np.empty_like(order)
        np.put_along_axis(numbers, order, np.arange(self.n_entries)[None], axis=1)
        return np.where(absent, self.worst, numbers)


def _blank_last(keys: Floats) -> Floats:
    return np.where(np.isnan(keys), np.inf, keys)


def _span(scores: Floats) -> float:
    """The largest score, whatever its sign; 1 where there is none but 0."""
    return float(np.nanmax(np.abs(scores), initial=0.0)) or 1.0


def _steps_below(span: float, values: Floats) -> Floats:
    """How far values between -span and span are below it, in whole steps, so that the noise of sums makes no rank."""
    return np.rint((span - values) * (_STEPS / span))


def _drawn_ranks(contest: _Contest, n_draws: int, entries: Ints) -> Array:
    """(draws, entries): their rank in each draw, ties share the best number; `_unranked` where there is none."""
    n = contest.n_entries
    ranks = np.empty((n_draws, len(entries)), dtype=np.min_scalar_type(n + 1))
    everybody = len(entries) == n
    few = len(entries) <= _FEW * n

    def rank(draws: slice) -> None:
        badness = contest.badness(draws)
        if few:
            _look_up(ranks[draws], badness, entries, contest.worst)
            return
        for part in _slices(len(badness), _IN_CACHE // n):
            if everybody:
                _rank_into(ranks[draws][part], badness[part], contest.worst)
            else:
                all_ranks = np.empty(badness[part].shape, dtype=ranks.dtype)
                _rank_into(all_ranks, badness[part], contest.worst)
                ranks[draws][part] = all_ranks[:, entries]

    if len(entries):
        _in_parallel(rank, _slices(n_draws, _DRAWS_AT_ONCE))
    return ranks


def _look_up(ranks: Array, badness: Array, entries: Ints, worst: int) -> None:
    """The ranks of some entries: how many others are less bad. Badness is (draws, every entry)."""
    mine = badness[:, entries]
    badness.sort(axis=1)
    for draw, ordered in enumerate(badness):
        ranks[draw] = ordered.searchsorted(mine[draw]) + 1
    ranks[mine >= worst] = _unranked(ranks)


def _rank_into(ranks: Array, badness: Array, worst: int) -> None:
    """Both are (draws, entries). Badness and entry share an integer: sorting is far faster than finding an order."""
    n = ranks.shape[1]
    bits = max(n - 1, 1).bit_length()
    mask = (1 << bits) - 1
    keys = badness.astype(_integer(worst << bits | mask))
    keys <<= bits
    keys |= np.arange(n, dtype=keys.dtype)
    keys.sort(axis=1)
    number = np.arange(n, dtype=ranks.dtype)
    first = np.zeros(keys.shape, dtype=ranks.dtype)
    np.multiply(number[1:], (keys[:, 1:] ^ keys[:, :-1]) > mask, out=first[:, 1:])
    np.maximum.accumulate(first, axis=1, out=first)
    first += 1
    for drawn in np.flatnonzero(keys[:, -1] >= worst << bits):
        first[drawn, np.searchsorted(keys[drawn], worst << bits) :] = _unranked(ranks)
    keys &= mask
    places = keys.astype(np.intp, copy=False)
    places += np.arange(len(keys))[:, None] * n
    ranks.ravel()[places.ravel()] = first.ravel()


def _unranked(ranks: Array) -> int:
    return int(np.iinfo(ranks.dtype).max)


def _exact_float(largest: int) -> type[np.floating[Any]]:
    """The smaller of two types in which sums of whole numbers up to the largest are exact."""
    if largest >= 2**53:
        raise OverflowError("the points of this board are too large to be exact")
    return np.float32 if largest < 2**24 else np.float64


def _integer(largest: int) -> type[np.signedinteger[Any]]:
    """The smaller of two types that holds it; both are fast to sort."""
    if largest >= 2**63:
        raise OverflowError("this board is too large to rank a draw by one integer per entry")
    return np.int32 if largest < 2**31 else np.int64


def _rank_bounds(ranks: Array) -> tuple[Ints, Ints]:
    """(draws, entries) -> (entries + 1,) twice; the last is 0, for rows that are no entry and so have the number -1."""
    n = ranks.shape[1]
    low, high = np.zeros(n + 1, dtype=np.intp), np.zeros(n + 1, dtype=np.intp)

    def bound(entries: slice) -> None:
        # For integers of at most 16 bits "stable" is a radix sort.
        ordered = np.sort(ranks[:, entries].T, axis=1, kind="stable")
        n_ranked = (ordered != _unranked(ranks)).sum(axis=1)
        last = np.maximum(n_ranked - 1, 0)
        for bounds, place in ((low, np.floor(LOW * last)), (high, np.ceil(HIGH * last))):
            found = np.take_along_axis(ordered, place.astype(np.intp)[:, None], axis=1)[:, 0]
            bounds[entries] = np.where(n_ranked > 0, found, 0)

    _in_parallel(bound, _slices(n, _ROWS_AT_ONCE))
    return low, high


def _groups(ballot: Ballot, name: str) -> list[Ints]:
    """The columns that a mean runs over: a mean of the means of groups, which for most means are one."""
    public = np.asarray(ballot.is_public, dtype=bool)
    match name:
        case "mean_task":
            return [np.arange(ballot.n_tasks)]
        case "mean_task_type":
            return columns_by_type(ballot.task_types)
        case "mean_public":
            return [np.flatnonzero(public)]
        case "mean_private":
            return [np.flatnonzero(~public)]
    raise ValueError(f"no mean of task columns is called {name!r}")


def _drawn_mean(ballot: Ballot, counts: Ints, name: str) -> tuple[_DrawnMean, Floats]:
    """A mean, and the scores that it runs over."""
    if name != MEAN_SUBSET:
        return _DrawnMean(_groups(ballot, name), _times(ballot, counts), ballot.lenient), ballot.task_scores
    if ballot.subset_scores is None:
        raise ValueError("the mean over subsets needs their scores")
    voters = np.arange(len(ballot.task_of_voter))
    return _DrawnMean([voters], counts[:, ballot.task_of_voter], lenient=True), ballot.subset_scores


@dataclass(frozen=True)
class _DrawnMean:
    """A mean in every draw. `groups` are column numbers; column `t` counts `times[draw, t]` times."""

    groups: list[Ints]
    times: Ints
    lenient: bool

    @cached_property
    def _shares(self) -> Floats:
        """(draws, columns): the part of each column in the mean of a row without blanks. Groups not drawn have none;
        NaN where no group was drawn."""
        shares = np.zeros(self.times.shape)
        n_drawn = np.zeros(len(self.times))
        for columns in self.groups:
            times = self.times[:, columns]
            total = times.sum(axis=1)
            shares[:, columns] = times / np.maximum(total, 1)[:, None]
            n_drawn += total > 0
        return shares / np.where(n_drawn > 0, n_drawn, np.nan)[:, None]

    @cached_property
    def _columns(self) -> Ints:
        return np.concatenate(self.groups)

    def is_known(self, scores: Floats) -> Bools:
        """(rows,): whether the mean over the columns as they stand is not blank."""
        known = ~np.isnan(scores[:, self._columns])
        return np.asarray(known.any(axis=1) & (known.all(axis=1) | self.lenient))

    def of(self, scores: Floats, draws: slice = slice(None)) -> Floats:
        """(rows, draws): NaN where it is blank."""
        known = ~np.isnan(scores)
        filled = np.where(known, scores, 0.0)
        gaps = np.flatnonzero(~known[:, self._columns].all(axis=1))
        means = filled @ self._shares[draws].T
        if len(gaps) and self.lenient:
            means[gaps] = self._lenient(filled[gaps], known[gaps], draws)
        elif len(gaps):
            blanks = ~known[np.ix_(gaps, self._columns)] @ self.times[draws][:, self._columns].T.astype(np.float32)
            means[gaps] = np.where(blanks > 0, np.nan, means[gaps])
        return means

    def _lenient(self, filled: Floats, known: Bools, draws: slice) -> Floats:
        total = np.zeros((len(filled), len(self.times[draws])))
        n_known = np.zeros_like(total)
        for columns in self.groups:
            times = self.times[draws][:, columns].T.astype(np.float64)
            weight = known[:, columns] @ times
            total += filled[:, columns] @ times / np.maximum(weight, 1)
            n_known += weight > 0
        return total / np.where(n_known > 0, n_known, np.nan)


def _mean_bounds(ballot: Ballot, counts: Ints, name: str, rows: Ints) -> tuple[Floats, Floats]:
    """(rows,) twice: the bounds of a mean, NaN where the board's is blank."""
    mean, every = _drawn_mean(ballot, counts, name)
    scores = every[rows]
    low, high = np.full(len(scores), np.nan), np.full(len(scores), np.nan)
    known = np.flatnonzero(mean.is_known(scores))

    def bound(part: slice) -> None:
        places = known[part]
        ordered = np.sort(mean.of(scores[places]), axis=1)
        last = (~np.isnan(ordered)).sum(axis=1) - 1
        low[places], high[places] = _between(ordered, LOW * last), _between(ordered, HIGH * last)

    _in_parallel(bound, _slices(len(known), _ROWS_AT_ONCE))
    return low, high


def _between(ordered: Floats, place: Floats) -> Floats:
    """The value at a place in each row, interpolated between neighbours; NaN before the first."""
    below = np.floor(place).astype(np.intp)[:, None]
    lower = np.take_along_axis(ordered, below, axis=1)[:, 0]
    upper = np.take_along_axis(ordered, np.ceil(place).astype(np.intp)[:, None], axis=1)[:, 0]
    return np.where(place < 0, np.nan, lower + (upper - lower) * (place - below[:, 0]))


def _slices(n: int, size: int) -> Iterator[slice]:
    size = max(size, 1)
    return (slice(start, min(start + size, n)) for start in range(0, n, size))


def _in_parallel(work: Callable[[slice], None], parts: Iterator[slice]) -> None:
    """Sorting and multiplying let go of the interpreter, so threads share the cores."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for done in [pool.submit(work, part) for part in parts]:
            done.result()
