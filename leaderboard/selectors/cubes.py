"""The cells of boards in memory: all of them, or by another metric, and what can be asked of them."""

from __future__ import annotations

from django.db import connection

from leaderboard.board_query import BoardQuery
from leaderboard.cube import Cube, unpack
from leaderboard.filters import task_side
from leaderboard.memory import Kept
from leaderboard.models import Board, BoardCube
from leaderboard.query_language import Field
from leaderboard.selectors.board_metrics import MetricCube, OfferedMetric, offered_metrics, with_metric
from leaderboard.selectors.narrowing import Narrowing
from leaderboard.selectors.own_boards import OwnBoard

_BYTES = 256 * 2**20
_PART = 2**20
_cubes: Kept[Cube | None] = Kept(_BYTES, lambda cube: cube.n_bytes if cube else 1)


def board_cube(board: Board | OwnBoard) -> Cube | None:
    """All cells of a board, None where it has none. Stored boards are replaced, never changed: the id is the key."""
    if isinstance(board, OwnBoard):
        return _cubes.get(board.pk, lambda: board.cube)
    return _cubes.get(board.pk, lambda: unpack(data) if (data := _packed_cube(board.pk)) else None)


def _packed_cube(board_id: int) -> bytes:
    """Empty where there is none.

    Not with SELECT, for which megabytes would be spelled out as text, and in parts, because the connection keeps a
    buffer as large as the largest row it ever read.
    """
    table = BoardCube._meta.db_table
    statement = (
        f"COPY (SELECT substring(data FROM start FOR %(size)s) FROM {table},"  # noqa: S608
        " generate_series(1, octet_length(data), %(size)s) AS start WHERE board_id = %(board)s ORDER BY start)"
        " TO STDOUT (FORMAT BINARY)"
    )
    with connection.cursor() as cursor, cursor.copy(statement, {"size": _PART, "board": board_id}) as copy:
        copy.set_types(["bytea"])
        return b"".join([part for (part,) in copy.rows()])


def query_cube(board: Board | OwnBoard, query: BoardQuery) -> MetricCube | None:
    """The cells of a board by the metric of a query, which need not be the main score. Raises UnusableMetric."""
    cube = board_cube(board)
    if cube is None:
        return None
    if not query.metric:
        return MetricCube(cube, [], 0)
    return with_metric(board.pk, cube, query.metric, task_side(cube, query).kinds)


def query_metrics(board: Board | OwnBoard, query: BoardQuery) -> list[OfferedMetric]:
    """The metrics that the tasks in view may be ranked by."""
    cube = board_cube(board)
    return offered_metrics(board.pk, cube, task_side(cube, query).kinds) if cube else []


def query_fields(board: Board | OwnBoard) -> list[Field]:
    """What the query text of a board can ask about."""
    cube = board_cube(board)
    return Narrowing(cube, BoardQuery()).fields() if cube else []
