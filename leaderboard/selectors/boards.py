"""The tables of a benchmark, as computed: which columns a view has, its rows, and what is best in each column."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Protocol

import numpy as np
from django.contrib.postgres.aggregates import ArrayAgg
from django.db import models
from django.db.models import Case, F, FloatField, IntegerField, Max, Q, QuerySet, Value, When
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Lower

from leaderboard.aggregation import Floats
from leaderboard.memory import Kept
from leaderboard.models import Benchmark, Board, BoardLanguageRow, BoardRow, CurrentResult, Scope, SourceKind, Task
from leaderboard.models.measurements import index_megabytes
from leaderboard.selectors.measurements import speed_of_models
from leaderboard.selectors.verification import levels_by_reruns
from leaderboard.verification import Level


class View(models.TextChoices):
    SUMMARY = "summary", "Summary"
    TASKS = "tasks", "Per task"
    TYPES = "types", "Per task type"
    WITHOUT = "without", "Without a type"
    LANGUAGES = "languages", "Per language"
    CHARTS = "charts", "Charts"


class Kind(Enum):
    """What a column holds, and so how it reads."""

    RANK = auto()
    PLACE = auto()
    MODEL = auto()
    SCORE = auto()
    COVERAGE = auto()
    PERCENT = auto()
    COUNT = auto()
    QUANTITY = auto()
    MEASURE = auto()
    DATE = auto()
    LEVEL = auto()


@dataclass(frozen=True)
class BoardColumn:
    """A column of a board. `key` names it in links; its value is `field` of the row, or entry `index` of it."""

    key: str
    kind: Kind
    field: str
    index: int | None = None

    @property
    def family(self) -> str:
        """`task`, `type`, `without`, `group`, `language`, or nothing for a column that every board may have."""
        return self.key.partition(":")[0] if self.index is not None else ""

    @property
    def name(self) -> str:
        """The key without its family."""
        return self.key.partition(":")[2] if self.index is not None else self.key

    @property
    def path(self) -> str:
        return self.field if self.index is None else f"{self.field}__{self.index}"


RANK = BoardColumn("rank", Kind.RANK, "rank")
PLACE = BoardColumn("place", Kind.PLACE, "position")
MODEL = BoardColumn("model", Kind.MODEL, "model_meta__name")
METHOD_SCORE = BoardColumn("method", Kind.SCORE, "method_score")
ABOVE_RANDOM = BoardColumn("above_random", Kind.SCORE, "above_random")
COVERAGE = BoardColumn("coverage", Kind.COVERAGE, "n_done")
ZERO_SHOT = BoardColumn("zero_shot", Kind.PERCENT, "zero_shot")
MODEL_FACTS = (
    BoardColumn("parameters", Kind.QUANTITY, "model_meta__n_parameters"),
    BoardColumn("dimensions", Kind.COUNT, "model_meta__embed_dim"),
    BoardColumn("max_tokens", Kind.COUNT, "model_meta__max_tokens"),
    BoardColumn("released", Kind.DATE, "model_meta__release_date"),
)
# What was measured here: shown where some model of the board was.
MEASURED = (
    BoardColumn("speed", Kind.MEASURE, "texts_per_second"),
    BoardColumn("memory", Kind.MEASURE, "peak_mb"),
    BoardColumn("latency", Kind.MEASURE, "latency_p50_ms"),
    BoardColumn("energy", Kind.MEASURE, "watt_hours_per_million_tokens"),
    BoardColumn("index", Kind.MEASURE, "index_mb"),
)
# How far a row is verified, as its place in LEVELS: shown where some row of the board is more than reported.
VERIFIED = BoardColumn("verified", Kind.LEVEL, "verified")
LEVELS = (Level.DISAGREES, Level.REPORTED, Level.PARTLY, Level.SAMPLE, Level.FULL)
# mteb's aggregation -> the columns it gives.
MEANS = {
    "mean_task": ("mean_task",),
    "mean_task_type": ("mean_task_type",),
    "mean_subset": ("mean_subset",),
    "public_private": ("mean_public", "mean_private"),
}
ALL_MEANS = tuple(name for names in MEANS.values() for name in names)


def mean_names(benchmark: Benchmark) -> list[str]:
    """The means of the benchmark's summary, the leading one first."""
    return [name for aggregation in benchmark.aggregations for name in MEANS.get(aggregation, ())]


def entrant(model_name: str, experiment_id: str) -> str:
    """A row as addresses name it: the model, and behind a tilde the variant."""
    return f"{model_name}~{experiment_id}" if experiment_id else model_name


def find_board(benchmark: Benchmark, scope: Scope) -> Board | None:
    return Board.objects.filter(benchmark=benchmark, scope=scope).select_related("benchmark").first()


class ShownBoard(Protocol):
    """What tables ask of a board, whether it is stored, narrowed or a reader's own."""

    @property
    def benchmark(self) -> Benchmark: ...
    @property
    def scope(self) -> str: ...
    @property
    def n_declared_tasks(self) -> int: ...
    @property
    def task_names(self) -> list[str]: ...
    @property
    def task_types(self) -> list[str]: ...
    @property
    def groups(self) -> list[list[str]]: ...
    @property
    def languages(self) -> list[str]: ...


def board_columns(
    benchmark: Benchmark,
    board: ShownBoard,
    view: View,
    *,
    method_score: bool = False,
    measured: bool = False,
    verified: bool = False,
    above_random: bool = False,
    without: Sequence[str] = (),
) -> list[BoardColumn]:
    """The columns of a view.

    `method_score` adds the one that the ranking method goes by, `measured` those of measured speed and memory,
    `verified` the one that says how far a row is verified, `above_random` the mean on a scale that begins at chance.
    `without` are the task types that a rank is shown without.
    """
    if view == View.WITHOUT:
        return [RANK, MODEL, *_array_columns("without", "ranks_without", without, Kind.RANK)]
    if view == View.TYPES:
        return [RANK, MODEL, *_array_columns("type", "type_means", board.task_types)]
    if view == View.TASKS:
        return [RANK, MODEL, *_array_columns("task", "task_scores", board.task_names)]
    if view == View.LANGUAGES:
        return [PLACE, MODEL, *_array_columns("language", "scores", board.languages)]
    type_names = board.task_types if "task_types" in benchmark.aggregations else []
    return [
        RANK,
        MODEL,
        *([METHOD_SCORE] if method_score else []),
        *(BoardColumn(name, Kind.SCORE, name) for name in mean_names(benchmark)),
        *([ABOVE_RANDOM] if above_random else []),
        COVERAGE,
        *([VERIFIED] if verified else []),
        *([ZERO_SHOT] if benchmark.show_zero_shot else []),
        *_array_columns("type", "type_means", type_names),
        *_array_columns("group", "group_means", [": ".join(group) for group in board.groups]),
        *MODEL_FACTS,
        *(MEASURED if measured else []),
    ]


def has_measured(board: Board) -> bool:
    """Whether the speed of any model of a stored board was measured."""
    measured = speed_of_models()
    return bool(measured) and BoardRow.objects.filter(board=board, model_meta__in=measured).exists()


def has_verified(board: Board) -> bool:
    """Whether any row of a stored board is more than reported by others."""
    rerun = frozenset(id_ for id_, _ in levels_by_reruns())
    more = Q(origins__contains=[SourceKind.RUN]) | Q(model_meta__in=rerun)
    return _verified_boards.get((board.pk, rerun), BoardRow.objects.filter(more, board=board).exists)


_verified_boards: Kept[bool] = Kept(500)


def _array_columns(family: str, field: str, names: Iterable[str], kind: Kind = Kind.SCORE) -> list[BoardColumn]:
    return [BoardColumn(f"{family}:{name}", kind, field, index) for index, name in enumerate(names)]


def board_rows(board: Board, view: View, columns: Sequence[BoardColumn]) -> QuerySet[Any, Any]:
    """Named tuples in the board's own order: who the row is, and every field that a column reads."""
    identity = ["model_meta_id", "model_meta__name"]
    if view != View.LANGUAGES:
        identity += ["experiment_id", "origins", "rank_low", "rank_high", "mean_lows", "mean_highs"]
    fields = dict.fromkeys([*identity, *(column.field for column in columns)])
    measured = {column.field: _measured(column.field) for column in columns if column in MEASURED}
    if VERIFIED in columns:
        measured["verified"] = _verified()
    return _rows_in_order(board, view).annotate(**measured).values_list(*fields, named=True)


def _measured(field: str) -> Case | CombinedExpression:
    """What was measured of a row's model: few models have it, and it is known already. All have an index."""
    if field == "index_mb":
        return F("model_meta__embed_dim") * index_megabytes(1)
    known = {id_: getattr(speed, field) for id_, speed in speed_of_models().items()}
    cases = (When(model_meta=id_, then=Value(value)) for id_, value in known.items() if value is not None)
    return Case(*cases, default=None, output_field=FloatField())


def _verified() -> Case:
    """The rule of `row_level` for the database, in which only the few models with reruns are named."""
    by_reruns = levels_by_reruns()
    of = {level: _entrants(id_ for id_, found in by_reruns.items() if found is level) for level in Level}
    cases = [
        (of[Level.DISAGREES], Level.DISAGREES),
        (Q(origins=[SourceKind.RUN]), Level.FULL),
        (of[Level.SAMPLE], Level.SAMPLE),
        (Q(origins__contains=[SourceKind.RUN]), Level.PARTLY),
    ]
    return Case(
        *(When(condition, then=Value(LEVELS.index(level))) for condition, level in cases if condition),
        default=Value(LEVELS.index(Level.REPORTED)),
        output_field=IntegerField(),
    )


def _entrants(entrants: Iterable[tuple[int, str]]) -> Q:
    """The rows of some model variants; an empty condition for none."""
    found = Q()
    for model_id, experiment_id in entrants:
        found |= Q(model_meta=model_id, experiment_id=experiment_id)
    return found


def _rows_in_order(board: Board, view: View) -> QuerySet[Any, Any]:
    if view == View.LANGUAGES:
        return BoardLanguageRow.objects.filter(board=board).order_by("position")
    place = _place(view)
    return BoardRow.objects.filter(board=board, **{f"{place}__isnull": False}).order_by(place)


def _place(view: View) -> str:
    """The field that holds the board's own order in a view."""
    return "task_position" if view == View.TASKS else "position"


def sort_rows(rows: QuerySet[Any, Any], view: View, column: BoardColumn, *, descending: bool) -> QuerySet[Any, Any]:
    """Blank is last in either direction; equal rows keep the board's own order."""
    value = Lower(column.path) if column.kind is Kind.MODEL else F(column.path)
    order = value.desc(nulls_last=True) if descending else value.asc(nulls_last=True)
    return rows.order_by(order, _place(view))


def cell_values(row: Any, columns: Iterable[BoardColumn]) -> list[Any]:
    """The row's values, one per column; blank or unknown is None."""
    return [
        getattr(row, column.field) if column.index is None else getattr(row, column.field)[column.index]
        for column in columns
    ]


@dataclass(frozen=True)
class Scale:
    """The scores of a column over the whole board: the best one, and the bounds between its seven sevenths."""

    best: float
    bounds: Sequence[float]

    def step(self, score: float) -> int:
        """0 for the lowest seventh to 6 for the highest."""
        return bisect_right(self.bounds, score)


_SEVENTHS = np.arange(1, 7) / 7
_scales: Kept[dict[str, Scale]] = Kept(200)


def column_scale(scores: Floats) -> Scale | None:
    """Of one column; None where it is blank throughout."""
    known = scores[~np.isnan(scores)]
    return Scale(float(known.max()), np.quantile(known, _SEVENTHS).tolist()) if len(known) else None


def board_scales(board: Board, view: View, columns: Sequence[BoardColumn]) -> dict[str, Scale]:
    """Column key -> its scale over the whole board, for columns with any score; without bounds for the summary."""
    make = _best_scores if view == View.SUMMARY else _board_scales
    return _scales.get((board.pk, view), lambda: make(board, view, columns))


def _best_scores(board: Board, view: View, columns: Sequence[BoardColumn]) -> dict[str, Scale]:
    """From one row of the database: a first page must not read the whole board."""
    shown = [column for column in columns if column.kind is Kind.SCORE]
    best = (
        _rows_in_order(board, view)
        .order_by()
        .aggregate(**{f"column_{number}": Max(column.path) for number, column in enumerate(shown)})
    )
    return {
        column.key: Scale(value, ()) for column, value in zip(shown, best.values(), strict=True) if value is not None
    }


def _board_scales(board: Board, view: View, columns: Sequence[BoardColumn]) -> dict[str, Scale]:
    shown = [column for column in columns if column.kind is Kind.SCORE]
    rows = [cell_values(row, shown) for row in board_rows(board, view, shown)]
    scores = np.array(rows, dtype=np.float64).reshape(len(rows), len(shown))
    scales = ((column.key, column_scale(of)) for column, of in zip(shown, scores.T, strict=True))
    return {key: scale for key, scale in scales if scale}


def started_tasks(board: ShownBoard, model_ids: Iterable[int]) -> dict[tuple[int, str], set[str]]:
    """For each (model, experiment id) the board's tasks that it has any result on.

    Where a board blanks such a task, the result lacks cells that the board counts.
    """
    names = dict(Task.objects.filter(name__in=board.task_names).values_list("pk", "name"))
    rows = (
        CurrentResult.objects.in_scope(board.scope)
        .filter(task__in=names, variant__model_meta__in=list(model_ids))
        .values_list("variant__model_meta_id", "variant__experiment_id")
        .annotate(tasks=ArrayAgg("task_id", distinct=True))
        .order_by()
    )
    return {(model_id, experiment): {names[task] for task in tasks} for model_id, experiment, tasks in rows}
