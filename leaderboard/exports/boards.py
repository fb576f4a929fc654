"""A view of a board as a sheet: the same rows, columns and order as on the page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from leaderboard.exports.columns import Sheet, SheetColumn, ValueKind
from leaderboard.selectors.boards import LEVELS, BoardColumn, Kind, cell_values
from leaderboard.tables.boards import BoardTable, plain_label
from leaderboard.tables.cells import origin_text
from leaderboard.verification import LEVEL_LABELS
from leaderboard.wording import counted

_KINDS = {
    Kind.SCORE: ValueKind.SCORE,
    Kind.PERCENT: ValueKind.PERCENT,
    Kind.MEASURE: ValueKind.NUMBER,
    Kind.DATE: ValueKind.DATE,
    Kind.MODEL: ValueKind.TEXT,
    Kind.LEVEL: ValueKind.TEXT,
}
_INTERVAL = (
    SheetColumn("rank_low", "Best rank of the interval", ValueKind.INTEGER),
    SheetColumn("rank_high", "Worst rank of the interval", ValueKind.INTEGER),
)
_WHO = (
    SheetColumn("variant", "Variant", ValueKind.TEXT),
    SheetColumn("results", "Results", ValueKind.TEXT),
)


def board_sheet(table: BoardTable, *, description: str, address: str) -> Sheet:
    """All rows of the table, on whatever page it stands."""
    benchmark, view = table.board.benchmark, table.view
    of_declared = counted(table.board.n_declared_tasks, "declared task")
    return Sheet(
        name=f"{benchmark.slug}-{view}",
        title=f"{benchmark.title}: {view.label.lower()}",
        description=f"{description} Tasks done are of {of_declared}.",
        address=address,
        columns=[*map(_column(table), table.board_columns), *(_INTERVAL if table.has_intervals else ()), *_WHO],
        rows=_rows(table),
    )


def _column(table: BoardTable) -> Any:
    def made(column: BoardColumn) -> SheetColumn:
        scale = table.marks.scales.get(column.key)
        kind = _KINDS.get(column.kind, ValueKind.INTEGER)
        return SheetColumn(column.key, plain_label(column), kind, scale.best if scale else None)

    return made


def _rows(table: BoardTable) -> Iterator[list[Any]]:
    for record in table.data:
        values = [
            _exported(column.kind, value)
            for column, value in zip(table.board_columns, cell_values(record, table.board_columns), strict=True)
        ]
        interval = [record.rank_low or None, record.rank_high or None] if table.has_intervals else []
        yield [*values, *interval, getattr(record, "experiment_id", ""), origin_text(getattr(record, "origins", ()))]


def _exported(kind: Kind, value: Any) -> Any:
    """Places count from 1, 0 is no rank, and a level reads as on the page."""
    match kind:
        case Kind.PLACE:
            return value + 1
        case Kind.RANK:
            return value or None
        case Kind.LEVEL:
            return LEVEL_LABELS[LEVELS[value]]
    return value
