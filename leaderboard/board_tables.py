"""The finished tables of boards, computed from results and ready to be stored."""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from leaderboard.aggregation import Floats, Ints
from leaderboard.cube import Cube, pack
from leaderboard.frames import BoardDefinition, MetaFacts, Results, build_cube
from leaderboard.models import Scope
from leaderboard.percentiles import percentiles_of_ranks
from leaderboard.postgres import array_literal, copy_line
from leaderboard.ranking import Entrants, LanguageTable, Summary, TaskTable, language_table, task_table
from leaderboard.standing import MEANS, Standing, stand

ROW_COLUMNS = (
    "model_meta_id",
    "experiment_id",
    "revision",
    "revisions",
    "origins",
    "position",
    "task_position",
    "rank",
    "borda_rank",
    "percentile",
    "zero_shot",
    "n_done",
    "mean_task",
    "mean_task_type",
    "mean_subset",
    "mean_public",
    "mean_private",
    "type_means",
    "group_means",
    "rank_low",
    "rank_high",
    "mean_lows",
    "mean_highs",
    "task_scores",
)
LANGUAGE_ROW_COLUMNS = ("model_meta_id", "position", "scores")
_NOT_IN_SUMMARY: tuple[Any, ...] = (*[None] * 4, 0, *[None] * len(MEANS), [], [], None, None, [], [])
# From this many boards on, all cores compute.
_MANY = 40


@dataclass(frozen=True, slots=True)
class BoardTables:
    """`columns` are the fields of `Board` that name columns; the rows are lines for COPY with the columns listed above.

    They are spelled out here because all cores compute boards, but a single connection stores them. `n_rows` counts
    those of the summary. `cube` is the packed cube, nothing for a board without cells.
    """

    columns: dict[str, list[Any]]
    n_rows: int = 0
    cube: bytes = b""
    rows: list[bytes] = field(default_factory=list)
    language_rows: list[bytes] = field(default_factory=list)


class Job(NamedTuple):
    """A board to compute."""

    scope: Scope
    definition: BoardDefinition


@dataclass(frozen=True, slots=True)
class _Work:
    jobs: Sequence[Job]
    results: Mapping[Scope, Results]
    meta_facts: dict[int, MetaFacts]

    def tables(self, number: int) -> BoardTables:
        scope, definition = self.jobs[number]
        return board_tables(definition, self.results[scope], self.meta_facts)


_work: list[_Work] = []
"""What forked processes compute: they find it in their memory, so nothing large is sent to them."""


def compute_tables(
    jobs: Sequence[Job], results: Mapping[Scope, Results], meta_facts: dict[int, MetaFacts]
) -> Iterator[BoardTables]:
    """The tables of each job, in order. Many boards are computed by all cores at once where processes can be forked."""
    work = _Work(jobs, results, meta_facts)
    processes = os.cpu_count() or 1
    if len(jobs) < _MANY or processes == 1 or sys.platform != "linux":
        yield from map(work.tables, range(len(jobs)))
        return
    _work.append(work)
    try:
        with multiprocessing.get_context("fork").Pool(processes) as pool:
            yield from pool.imap(_compute, range(len(jobs)))
    finally:
        _work.clear()


def _compute(number: int) -> BoardTables:
    return _work[0].tables(number)


def board_tables(definition: BoardDefinition, results: Results, meta_facts: dict[int, MetaFacts]) -> BoardTables:
    """All tables of one board."""
    cube = build_cube(definition, results, meta_facts)
    if cube is None:
        return BoardTables(_columns_of(None, None, None, None))
    everything = cube.select()
    standing = stand(everything.cells, cube.rules, entrants(cube, meta_facts))
    summary = standing.summary if standing else None
    tasks = task_table(everything.cells, cube.rules)
    view = cube.rules_of_benchmark.language_view
    languages = language_table(everything.cells, cube.cell_languages(everything.kind), view) if view else None
    return BoardTables(
        columns=_columns_of(cube, summary, tasks, languages),
        n_rows=len(summary.rows) if summary else 0,
        cube=pack(cube),
        rows=list(map(copy_line, _rows(cube, standing, tasks))),
        language_rows=list(map(copy_line, _language_rows(cube, languages))),
    )


def entrants(cube: Cube, meta_facts: Mapping[int, MetaFacts]) -> Entrants:
    return Entrants(
        experiment_ids=[row.experiment_id for row in cube.rows],
        contaminated=[meta_facts[id_].contaminated_tasks for id_ in cube.model_meta_ids],
    )


def _columns_of(
    cube: Cube | None, summary: Summary | None, tasks: TaskTable | None, languages: LanguageTable | None
) -> dict[str, list[Any]]:
    return {
        "task_names": _names(cube, tasks),
        "summary_task_names": _names(cube, summary),
        "task_types": list(summary.type_means) if summary else [],
        "groups": [list(key) for key in summary.group_means] if summary else [],
        "languages": languages.languages if languages else [],
    }


def _names(cube: Cube | None, table: Summary | TaskTable | None) -> list[str]:
    return [cube.tasks[task].name for task in table.tasks] if cube and table else []


def _rows(cube: Cube, standing: Standing | None, tasks: TaskTable | None) -> Iterator[tuple[Any, ...]]:
    """One row for every variant that stands in the summary or in the per-task table."""
    in_summary = {int(row): place for place, row in enumerate(standing.summary.rows)} if standing else {}
    in_tasks = {int(row): place for place, row in enumerate(tasks.rows)} if tasks else {}
    task_scores = _plain(tasks.scores) if tasks else []
    summary_columns = _summary_columns(standing) if standing else []
    for row in dict.fromkeys([*in_summary, *in_tasks]):
        place, task_place = in_summary.get(row), in_tasks.get(row)
        yield (
            *cube.rows[row],
            place,
            task_place,
            *(_NOT_IN_SUMMARY if place is None else summary_columns[place]),
            "{}" if task_place is None else array_literal(task_scores[task_place]),
        )


def _language_rows(cube: Cube, languages: LanguageTable | None) -> Iterator[tuple[Any, ...]]:
    if languages is None:
        return
    for position, (model, scores) in enumerate(zip(languages.models, _plain(languages.scores), strict=True)):
        yield cube.model_meta_ids[model], position, array_literal(scores)


def _summary_columns(standing: Standing) -> list[tuple[Any, ...]]:
    """For each row of the summary the columns from `rank` to `mean_highs`."""
    summary, bounds = standing.summary, standing.bounds()
    n = len(summary.rows)
    blank: list[float | None] = [None] * n
    means = []
    for name in MEANS:
        values = summary.means[name]
        means.append(blank if values is None else _plain(values))
    done = (~np.isnan(summary.task_scores)).sum(axis=1).tolist()
    return list(
        zip(
            summary.rank.tolist(),
            summary.borda_rank.tolist(),
            _plain(percentiles_of_ranks(summary.rank)),
            summary.zero_shot,
            done,
            *means,
            _side_by_side(summary.type_means.values(), n),
            _side_by_side(summary.group_means.values(), n),
            _ranks(bounds.rank_low),
            _ranks(bounds.rank_high),
            _plain(bounds.mean_lows),
            _plain(bounds.mean_highs),
            strict=True,
        )
    )


def _ranks(ranks: Ints) -> list[int | None]:
    return [rank or None for rank in ranks.tolist()]


def _side_by_side(columns: Collection[Floats], n: int) -> list[Any]:
    return _plain(np.column_stack(list(columns))) if columns else [[] for _ in range(n)]


def _plain(values: Floats) -> list[Any]:
    """As (nested) lists with None for NaN."""
    plain = values.astype(object)
    plain[np.isnan(values)] = None
    return plain.tolist()
