"""A board ranked over some of its cells: the arithmetic behind every view, stored or narrowed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from leaderboard.aggregation import Cells, Floats, Ints
from leaderboard.bootstrap import Ballot, intervals
from leaderboard.methods import Method, method_scores, ranks_by
from leaderboard.ranking import SORT_COLUMNS, Entrants, Rules, Summary, summarise

MEANS = ("mean_task", "mean_task_type", "mean_subset", "mean_public", "mean_private")


@dataclass(frozen=True, slots=True)
class Standing:
    """A summary in display order, and what its intervals are drawn from.

    `rank` is 0 for a row that the method does not rank. `method_score` is what the method goes by where no mean of the
    board says it.
    """

    summary: Summary
    rank: Ints
    method_score: Floats | None
    ballot: Ballot
    stratified: bool

    def bounds(self, places: Ints | None = None) -> Bounds:
        """The intervals of the rows at some places; without them of all, which takes longer."""
        found = intervals(self.ballot, rows=places, stratified=self.stratified)
        blank = np.full(len(found.rank_low), np.nan)
        of_means = [found.means.get(name, (blank, blank)) for name in MEANS]
        return Bounds(
            found.rank_low,
            found.rank_high,
            np.column_stack([low for low, _ in of_means]),
            np.column_stack([high for _, high in of_means]),
        )


class Bounds(NamedTuple):
    """Both ends of the intervals of rows: ranks (0 where there is none), and (rows, means) in the order of `MEANS`."""

    rank_low: Ints
    rank_high: Ints
    mean_lows: Floats
    mean_highs: Floats

    def at(self, places: Ints) -> Bounds:
        """Those of the rows at some places."""
        return Bounds(self.rank_low[places], self.rank_high[places], self.mean_lows[places], self.mean_highs[places])


def stand(
    cells: Cells,
    rules: Rules,
    entrants: Entrants,
    *,
    method: Method = Method.OFFICIAL,
    lenient: bool = False,
    stratified: bool = False,
) -> Standing | None:
    """The board over these cells, or None where no row would stand on it."""
    summary = summarise(cells, rules, entrants, lenient=lenient)
    if summary is None:
        return None
    rank, score = _ranks(summary, rules, method, lenient=lenient)
    if score is not None:
        order = np.argsort(np.where(rank == 0, len(rank) + 1, rank), kind="stable")
        summary, rank, score = _reordered(summary, order), rank[order], score[order]
    ballot = _ballot(summary, cells, rules, method, lenient=lenient)
    return Standing(summary, rank, score if method is Method.WIN_RATE else None, ballot, stratified)


def ranks_without_types(
    cells: Cells, rules: Rules, entrants: Entrants, *, method: Method = Method.OFFICIAL, lenient: bool = False
) -> dict[str, Ints]:
    """Task type -> (rows,): the rank that each row, by its code, has where no task of that type counts; 0 is none.

    How much a rank owes to the mixture of task types. Types stand in the order of their first task.
    """
    type_of_triple = np.asarray(rules.task_types, dtype=object)[cells.task_of]
    counted = (task for task in cells.tasks if rules.task_is_public[task] or not rules.public_tasks_only)
    names = dict.fromkeys(rules.task_types[task] for task in counted)
    found = {}
    for name in names:
        ranks = np.zeros(cells.n_rows, dtype=np.intp)
        summary = summarise(cells.of_triples(type_of_triple != name), rules, entrants, lenient=lenient)
        if summary is not None:
            ranks[summary.rows], _ = _ranks(summary, rules, method, lenient=lenient)
        found[name] = ranks
    return found


def _ranks(summary: Summary, rules: Rules, method: Method, *, lenient: bool) -> tuple[Ints, Floats | None]:
    """The rank of each row, and what another method than the official one goes by."""
    if method is Method.OFFICIAL:
        return summary.rank, None
    types = [rules.task_types[task] for task in summary.tasks]
    weights = rules.weights_of(summary.tasks)
    score = method_scores(method, summary.task_scores, types, lenient=lenient, weights=weights)
    return ranks_by(score), score


def _reordered(summary: Summary, order: Ints) -> Summary:
    return replace(
        summary,
        rows=summary.rows[order],
        rank=summary.rank[order],
        borda_rank=summary.borda_rank[order],
        task_scores=summary.task_scores[order],
        zero_shot=[summary.zero_shot[place] for place in order],
        means={name: None if values is None else values[order] for name, values in summary.means.items()},
        type_means={name: values[order] for name, values in summary.type_means.items()},
        group_means={key: values[order] for key, values in summary.group_means.items()},
    )


def _ballot(summary: Summary, cells: Cells, rules: Rules, method: Method, *, lenient: bool) -> Ballot:
    tasks, votes = summary.tasks, summary.votes
    weights = rules.weights_of(tasks)
    shown = [name for name in MEANS if summary.means[name] is not None]
    return Ballot(
        votes=votes.scores,
        task_of_voter=votes.task_of_voter,
        model_of_row=cells.model_of_row[summary.rows],
        task_scores=summary.task_scores,
        task_types=[rules.task_types[task] for task in tasks],
        is_public=np.asarray(rules.task_is_public, dtype=bool)[tasks],
        sort_means=[SORT_COLUMNS[name] for name in rules.sort_columns],
        method=method,
        lenient=lenient,
        means=shown,
        weights=weights if weights.max() > 1 else None,
        subset_scores=_subset_scores(summary),
    )


def _subset_scores(summary: Summary) -> Floats | None:
    """The rows' scores on the pairs that vote, for a board with a mean over them; blank with that mean."""
    of_rows, mean = summary.votes.of_rows, summary.means["mean_subset"]
    if of_rows is None or mean is None:
        return None
    return np.where(np.isnan(mean)[:, None], np.nan, of_rows[summary.rows])
