"""A view as plain columns and rows, for every format to write."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import isnan
from typing import Any

from leaderboard.tables.cells import score_text

LICENCE = "CC0-1.0 for the official results"


class ValueKind(StrEnum):
    """What a column holds, and so how it reads. None is blank or unknown in all of them.

    A score is a fraction, which documents show x 100 with two decimals, as pages do. A percent is a number from 0 to
    100.
    """

    TEXT = "text"
    INTEGER = "integer"
    SCORE = "score"
    PERCENT = "percent"
    DATE = "date"
    NUMBER = "number"
    FLAG = "flag"


@dataclass(frozen=True)
class SheetColumn:
    """`key` names the column in data, `label` on the page. `best` is the value that the page shows in bold."""

    key: str
    label: str
    kind: ValueKind
    best: float | None = None


@dataclass(frozen=True)
class Sheet:
    """A view to be exported: `rows` may be lazy, each has a value per column.

    `name` becomes the file's name; `description` is the line that says what the reader is looking at; `address` is
    the full link of the view.
    """

    name: str
    title: str
    description: str
    address: str
    columns: Sequence[SheetColumn]
    rows: Iterable[Sequence[Any]]

    def __post_init__(self) -> None:
        if len({column.key for column in self.columns}) != len(self.columns):
            raise ValueError("Two columns of a sheet have the same key.")


def known(value: Any) -> Any:
    """The value; None where it is NaN, which arrays hold for a blank score."""
    return None if isinstance(value, float) and isnan(value) else value


def shown(value: Any, kind: ValueKind) -> str:
    """The value as the page shows it, and nothing for None. What PostgreSQL and CSV cannot hold, NUL, is left out."""
    value = known(value)
    if value is None:
        return ""
    match kind:
        case ValueKind.SCORE:
            return score_text(value)
        case ValueKind.PERCENT:
            return str(value) if isinstance(value, int) else f"{value:.1f}"
        case ValueKind.NUMBER:
            return f"{value:.12g}"
        case ValueKind.DATE:
            return f"{value:%Y-%m-%d}"
        case ValueKind.FLAG:
            return "yes" if value else "no"
    return str(value).replace("\0", "")


def is_best(value: Any, column: SheetColumn) -> bool:
    return column.best is not None and value == column.best
