"""A board as a query shows it: narrowed to some tasks, languages and models, and ranked anew over what is left."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from threading import Lock
from types import SimpleNamespace
from typing import Any

import numpy as np

from leaderboard.above_random import RANDOM_ENCODER, above_random, n_comparable
from leaderboard.aggregation import Floats, Ints
from leaderboard.board_query import BoardQuery
from leaderboard.cube import Cube, CubeRow
from leaderboard.filters import verified
from leaderboard.memory import Kept
from leaderboard.models import Benchmark, Board
from leaderboard.ranking import LanguageTable, Summary, language_table
from leaderboard.selectors.board_metrics import LeftOut
from leaderboard.selectors.boards import (
    LEVELS,
    MEASURED,
    MODEL_FACTS,
    VERIFIED,
    BoardColumn,
    Kind,
    Scale,
    column_scale,
    entrant,
)
from leaderboard.selectors.cubes import board_cube, query_cube
from leaderboard.selectors.model_facts import ModelFacts, model_facts
from leaderboard.selectors.narrowing import Narrowing, plain
from leaderboard.selectors.own_boards import OwnBoard
from leaderboard.selectors.versions import data_version
from leaderboard.standing import MEANS, Bounds, Standing
from leaderboard.verification import Level

_VIEWS = 48 * 2**20
_BYTES_PER_ROW = 2000
MAX_LANGUAGES = 120
OF_FACTS = (*MODEL_FACTS, *MEASURED)


@dataclass(frozen=True)
class BoardHead:
    """What a table says of the board as a whole: as `Board`, for a board that is not stored."""

    benchmark: Benchmark
    scope: str
    computed_at: datetime
    n_declared_tasks: int
    task_names: list[str]
    summary_task_names: list[str]
    task_types: list[str]
    type_of_task: Mapping[str, str]
    groups: list[list[str]]
    languages: list[str]


class IntervalsOnDemand:
    """The intervals of those rows of a standing that somebody looked at, which is far less work than all of them."""

    def __init__(self, standing: Standing) -> None:
        self._standing = standing
        self._lock = Lock()
        n = len(standing.rank)
        self._known = np.zeros(n, dtype=bool)
        self._bounds = Bounds(
            np.zeros(n, dtype=np.intp), np.zeros(n, dtype=np.intp), np.empty((n, len(MEANS))), np.empty((n, len(MEANS)))
        )

    def of(self, places: Sequence[int]) -> Bounds:
        """Aligned with the places."""
        wanted = np.asarray(places, dtype=np.intp)
        with self._lock:
            missing = np.unique(wanted[~self._known[wanted]])
            if len(missing):
                for kept, found in zip(self._bounds, self._standing.bounds(missing), strict=True):
                    kept[missing] = found
                self._known[missing] = True
        return self._bounds.at(wanted)

    @property
    def n_bytes(self) -> int:
        return self._standing.ballot.votes.nbytes + sum(array.nbytes for array in self._bounds)


@dataclass(frozen=True)
class Standings:
    """The rows of a board in display order, kept as columns; `records([i])` has the i-th row.

    `of_rows` and `of_tasks` say how many rows and tasks there are without the query's filters. `left_out` are tasks
    without the query's metric, of `n_in_view`. `intervals` is None for rows that have none. `without_types` are the
    task types that the column `ranks_without` leaves out, one after the other; `n_above_random` counts the tasks of the
    column `above_random`, which is there where the count is not 0.
    """

    head: BoardHead
    query: BoardQuery
    columns: Mapping[str, Any]
    rows: Sequence[CubeRow]
    facts: Sequence[ModelFacts]
    of_rows: int
    of_tasks: int
    of_languages: int = 0
    left_out: Sequence[LeftOut] = ()
    n_in_view: int = 0
    intervals: IntervalsOnDemand | None = None
    without_types: Sequence[str] = ()
    n_above_random: int = 0

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def entrants(self) -> list[str]:
        """The rows as addresses name them."""
        return [entrant(facts.name, row.experiment_id) for row, facts in zip(self.rows, self.facts, strict=True)]

    @property
    def has_measured(self) -> bool:
        """Whether the speed of any model was measured."""
        return any(facts.texts_per_second is not None for facts in self.facts)

    @property
    def has_verified(self) -> bool:
        """Whether any row is more than reported by others."""
        return any(self._verified(place) != LEVELS.index(Level.REPORTED) for place in range(len(self.rows)))

    def _verified(self, place: int) -> int:
        return LEVELS.index(verified(self.facts[place], self.rows[place]))

    @property
    def n_bytes(self) -> int:
        arrays = (column for column in self.columns.values() if isinstance(column, np.ndarray))
        drawn_from = self.intervals.n_bytes if self.intervals else 0
        return sum(array.nbytes for array in arrays) + drawn_from + _BYTES_PER_ROW * len(self.rows)

    def records(self, places: Sequence[int] | None = None) -> list[Any]:
        """Rows with the fields that the columns of `selectors.boards` read, all of them without places; blank is None.

        Intervals are drawn here for those rows that have not had them yet.
        """
        places = range(len(self.rows)) if places is None else places
        bounds = self.intervals.of(places)._asdict() if self.intervals else {}
        return [
            self._record(place, {name: plain(column[number]) for name, column in bounds.items()})
            for number, place in enumerate(places)
        ]

    def _record(self, place: int, bounds: Mapping[str, Any]) -> Any:
        row, facts = self.rows[place], self.facts[place]
        values = {name: plain(column[place]) for name, column in self.columns.items()}
        return SimpleNamespace(
            model_meta_id=row.model_meta_id,
            model_meta__name=facts.name,
            experiment_id=row.experiment_id,
            revision=row.revision,
            origins=row.origins,
            position=place,
            verified=self._verified(place),
            **{column.field: _of_facts(facts, column) for column in OF_FACTS},
            **values,
            **bounds,
        )

    def order(self, column: BoardColumn, *, descending: bool) -> list[int]:
        """Places sorted by a column: blank last in either direction, equals in the board's own order."""
        values = [self._value(column, place) for place in range(len(self.rows))]
        known = [place for place, value in enumerate(values) if value is not None]
        known.sort(key=lambda place: values[place], reverse=descending)
        return known + [place for place, value in enumerate(values) if value is None]

    def scales(self, columns: Sequence[BoardColumn]) -> dict[str, Scale]:
        """Column key -> its scale, for columns with any score."""
        scales = {column.key: self._scale(column) for column in columns if column.kind is Kind.SCORE}
        return {key: scale for key, scale in scales.items() if scale}

    def _scale(self, column: BoardColumn) -> Scale | None:
        values = self.columns.get(column.field)
        if values is None or len(values) == 0:
            return None
        return column_scale(values if column.index is None else values[:, column.index])

    def _value(self, column: BoardColumn, place: int) -> Any:
        if column.kind is Kind.MODEL:
            return self.facts[place].name.lower()
        if column == VERIFIED:
            return self._verified(place)
        if column in OF_FACTS:
            return _of_facts(self.facts[place], column)
        if column.field == "position":
            return place
        value = self.columns[column.field][place]
        value = plain(value if column.index is None else value[column.index])
        return value or None if column.kind is Kind.RANK else value


def _of_facts(facts: ModelFacts, column: BoardColumn) -> Any:
    return getattr(facts, column.field.removeprefix("model_meta__"))


_views: Kept[Standings] = Kept(_VIEWS, lambda view: view.n_bytes)


def board_standings(board: Board | OwnBoard, query: BoardQuery) -> Standings | None:
    """The summary and per-task rows of a board as the query shows it; None where the board has no results.

    Raises QueryError for a query text that cannot be read, UnusableMetric for a metric that ranks no task in view.
    """
    if board_cube(board) is None:
        return None
    key = (board.pk, data_version(), query.key)

    return _views.get(key, lambda: _by_metric(board, query, lambda cube: _narrowed(cube, query, board)))


def language_standings(board: Board | OwnBoard, query: BoardQuery) -> Standings | None:
    """The per-language rows, a model each: the languages that most models have, in columns. Raises as above."""
    if board_cube(board) is None:
        return None
    key = ("languages", board.pk, data_version(), query.key)
    return _views.get(key, lambda: _by_metric(board, query, lambda cube: _by_language(cube, query, board)))


def standings_without_types(board: Board | OwnBoard, query: BoardQuery) -> Standings | None:
    """As `board_standings`, with the rank of each row where no task of a type counts, type by type. Raises as above."""
    if board_cube(board) is None:
        return None

    key = ("without", board.pk, data_version(), query.key)
    return _views.get(key, lambda: _by_metric(board, query, lambda cube: _without_types(cube, query, board)))


def _by_metric(board: Board | OwnBoard, query: BoardQuery, rank: Callable[[Cube], Standings]) -> Standings:
    by_metric = query_cube(board, query)
    assert by_metric is not None  # noqa: S101 -- Asked for only where the board has cells.
    found, left_out = rank(by_metric.cube), by_metric.left_out
    return replace(found, of_tasks=found.of_tasks + len(left_out), left_out=left_out, n_in_view=by_metric.n_in_view)


def _by_language(cube: Cube, query: BoardQuery, board: Board | OwnBoard) -> Standings:
    narrowing = Narrowing(cube, query)
    selected = narrowing.selected
    table = language_table(selected.cells, cube.cell_languages(selected.kind), ["all"])
    head = _head(narrowing, None, board.benchmark, board.scope, board.computed_at)
    if table is None:
        return Standings(head, query, {}, [], [], _n_rows(narrowing.everybody), len(cube.tasks))
    columns = _widest(table)
    known = model_facts()
    ids = [cube.model_meta_ids[code] for code in table.models]
    return Standings(
        head=replace(head, languages=[table.languages[column] for column in columns]),
        query=query,
        columns={"scores": table.scores[:, columns]},
        rows=[CubeRow(id_, "", "", [], []) for id_ in ids],
        facts=[known[id_] for id_ in ids],
        of_rows=len(np.unique(narrowing.selection.cells.model)),
        of_tasks=len(cube.tasks),
        of_languages=len(table.languages),
    )


def _widest(table: LanguageTable) -> Ints:
    """The columns to show: the languages that most models have, in the order of the table."""
    n_models = (~np.isnan(table.scores)).sum(axis=0)
    return np.sort(np.argsort(-n_models, kind="stable")[:MAX_LANGUAGES])


def _narrowed(cube: Cube, query: BoardQuery, board: Board | OwnBoard) -> Standings:
    """The cells of a cube that a query leaves, ranked."""
    left = Narrowing(cube, query)
    return _standings(left, left.standing(), board)


def _without_types(cube: Cube, query: BoardQuery, board: Board | OwnBoard) -> Standings:
    left = Narrowing(cube, query)
    standing = left.standing()
    found = _standings(left, standing, board)
    if standing is None:
        return found
    ranks = left.ranks_without_types()
    if len(ranks) < 2:  # Without its only type nothing is left of a board.
        return replace(found, columns={**found.columns, "ranks_without": np.empty((len(found), 0))})
    of_rows = np.column_stack(list(ranks.values()))[standing.summary.rows]
    return replace(found, columns={**found.columns, "ranks_without": of_rows}, without_types=list(ranks))


def _standings(left: Narrowing, standing: Standing | None, board: Board | OwnBoard) -> Standings:
    cube, query = left.cube, left.query
    head = _head(left, standing, board.benchmark, board.scope, board.computed_at)
    if standing is None:
        return Standings(head, query, {}, [], [], _n_rows(left.everybody), len(cube.tasks))
    order = standing.summary.rows
    unfiltered = left.everybody if query.narrows_models else standing.summary
    random_scores = _random_scores(left, unfiltered, standing.summary)
    return Standings(
        head=head,
        query=query,
        columns=_columns(left, standing, random_scores),
        rows=[cube.rows[row] for row in order],
        facts=[left.facts[row] for row in order],
        of_rows=_n_rows(unfiltered),
        of_tasks=len(cube.tasks),
        intervals=IntervalsOnDemand(standing),
        n_above_random=0 if random_scores is None else n_comparable(random_scores),
    )


def _random_scores(left: Narrowing, everybody: Summary | None, summary: Summary) -> Floats | None:
    """What the random encoder has on each task of the summary; None where it was not run on any."""
    rows: list[int] = everybody.rows.tolist() if everybody else []
    place = next((place for place, row in enumerate(rows) if left.facts[row].name == RANDOM_ENCODER), None)
    if everybody is None or place is None:
        return None
    scores = everybody.task_scores[place][np.searchsorted(everybody.tasks, summary.tasks)]
    return scores if n_comparable(scores) else None


def _n_rows(summary: Summary | None) -> int:
    return len(summary.rows) if summary else 0


def _head(
    board: Narrowing, standing: Standing | None, benchmark: Benchmark, scope: str, computed_at: datetime
) -> BoardHead:
    tasks, declared = board.cube.tasks, board.tasks.declared()
    summary = standing.summary if standing else None
    names = [tasks[code].name for code in summary.tasks] if summary else []
    return BoardHead(
        benchmark=benchmark,
        scope=scope,
        computed_at=computed_at,
        n_declared_tasks=sum(task.is_public or not board.cube.rules.public_tasks_only for task in declared),
        task_names=names,
        summary_task_names=names,
        task_types=list(summary.type_means) if summary else [],
        type_of_task={task.name: task.type for task in tasks},
        groups=[list(key) for key in summary.group_means] if summary else [],
        languages=[],
    )


def _columns(left: Narrowing, standing: Standing, random_scores: Floats | None) -> dict[str, Any]:
    summary = standing.summary
    n = len(summary.rows)
    blank = np.full(n, np.nan)
    means = {name: blank if summary.means[name] is None else summary.means[name] for name in MEANS}
    return {
        "rank": standing.rank,
        "borda_rank": summary.borda_rank,
        **({} if standing.method_score is None else {"method_score": standing.method_score}),
        "zero_shot": summary.zero_shot,
        "n_done": (~np.isnan(summary.task_scores)).sum(axis=1),
        **means,
        "type_means": _side_by_side(summary.type_means.values(), n),
        "group_means": _side_by_side(summary.group_means.values(), n),
        "task_scores": summary.task_scores,
        **({} if random_scores is None else {"above_random": _above_random(left, summary, random_scores)}),
    }


def _above_random(left: Narrowing, summary: Summary, random_scores: Floats) -> Floats:
    weights = left.cube.rules.weights_of(summary.tasks)
    return above_random(summary.task_scores, random_scores, weights, lenient=left.query.lenient)


def _side_by_side(columns: Collection[Floats], n: int) -> Floats:
    return np.column_stack(list(columns)) if columns else np.empty((n, 0))
