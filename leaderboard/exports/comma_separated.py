"""CSV by RFC 4180, as spreadsheets and scripts read it, with what the page shows.

Text is always quoted, also where the rule does not ask for it: a spreadsheet that takes semicolons for separators then
still sees one cell.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from leaderboard.exports.columns import Sheet, SheetColumn, ValueKind, shown
from leaderboard.exports.streams import in_chunks

# A spreadsheet runs text that begins with one of these as a formula; the last four are their full-width forms.
FORMULA_STARTS = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")


def comma_separated(sheet: Sheet) -> Iterator[bytes]:
    return in_chunks(_lines(sheet))


def _lines(sheet: Sheet) -> Iterator[bytes]:
    yield _line(_quoted(_label(column)) for column in sheet.columns)
    for row in sheet.rows:
        yield _line(_field(value, column) for value, column in zip(row, sheet.columns, strict=True))


def _line(fields: Iterator[str]) -> bytes:
    return f"{','.join(fields)}\r\n".encode()


def _label(column: SheetColumn) -> str:
    return f"{column.label} (%)" if column.kind is ValueKind.PERCENT else column.label


def _field(value: Any, column: SheetColumn) -> str:
    text = shown(value, column.kind)
    return _quoted(text) if column.kind is ValueKind.TEXT and value is not None else text


def _quoted(text: str) -> str:
    return f'"{harmless(text).replace(chr(34), chr(34) * 2)}"'


def harmless(text: str) -> str:
    """The text, with an apostrophe before what a spreadsheet would run."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text
