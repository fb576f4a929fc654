"""A board ranked over some of its cells: the arithmetic behind every view, stored or narrowed."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from leaderboard.aggregation import Cells, Floats, Ints
from leaderboard.bootstrap import Ballot, Intervals, intervals
from leaderboard.methods import Method, method_scores, ranks_by
from leaderboard.ranking import SORT_COLUMNS, Entrants, Rules, Summary, summarise

MEANS = ("mean_task", "mean_task_type", "mean_subset", "mean_public", "mean_private")


@dataclass(frozen=True, slots=True)
class Standing:
    """A summary with its intervals, all in display order.

    `rank` is 0 for a row that the method does not rank. `method_score` is what the method goes by where no mean of the
    board says it.
    """

    summary: Summary
    rank: Ints
    intervals: Intervals
    method_score: Floats | None


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
    rank, score = summary.rank, None
    if method is not Method.OFFICIAL:
        types = [rules.task_types[task] for task in summary.tasks]
        weights = rules.weights_of(summary.tasks)
        score = method_scores(method, summary.task_scores, types, lenient=lenient, weights=weights)
        rank = ranks_by(score)
        order = np.argsort(np.where(rank == 0, len(rank) + 1, rank), kind="stable")
        summary, rank, score = _reordered(summary, order), rank[order], score[order]
    ballot = _ballot(summary, cells, rules, method, lenient=lenient)
    return Standing(
        summary, rank, intervals(ballot, stratified=stratified), score if method is Method.WIN_RATE else None
    )


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


def mean_bounds(standing: Standing) -> tuple[Floats, Floats]:
    """(rows, means) each: the lower and the upper ends, columns in the order of `MEANS`; NaN where there is none."""
    blank = np.full(len(standing.summary.rows), np.nan)
    bounds = [standing.intervals.means.get(name, (blank, blank)) for name in MEANS]
    return np.column_stack([low for low, _ in bounds]), np.column_stack([high for _, high in bounds])
