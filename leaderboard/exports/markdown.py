"""A Markdown table (GitHub's flavour) of what the page shows, to paste into a README."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from leaderboard.exports.columns import Sheet, SheetColumn, ValueKind, is_best, shown
from leaderboard.exports.streams import in_chunks
from leaderboard.tables.cells import DASH, revision_text

_MARKS = re.compile(r"[\\`*_\[\]|~#]")


def markdown(sheet: Sheet) -> Iterator[bytes]:
    return in_chunks(piece.encode() for piece in _lines(sheet))


def _lines(sheet: Sheet) -> Iterator[str]:
    yield _row(escaped(column.label) for column in sheet.columns)
    yield _row(":---" if column.kind is ValueKind.TEXT else "---:" for column in sheet.columns)
    for row in sheet.rows:
        yield _row(_cell(value, column) for value, column in zip(row, sheet.columns, strict=True))
    yield f"\n[{escaped(sheet.title)}](<{_address(sheet.address)}>): {escaped(sheet.description)}\n"


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |\n"


def _cell(value: Any, column: SheetColumn) -> str:
    text = shown(value, column.kind)
    if not text:
        return DASH if value != "" else ""
    if column.kind is ValueKind.PERCENT:
        return f"{text}%"
    return f"**{text}**" if is_best(value, column) else escaped(revision_text(text))


def escaped(text: str) -> str:
    """The text on one line, where no character means anything to Markdown or HTML."""
    text = " ".join(text.split()).replace("&", "&amp;").replace("<", "&lt;")
    return _MARKS.sub(r"\\\g<0>", text)


def _address(address: str) -> str:
    return "".join(address.split()).replace("<", "%3C").replace(">", "%3E")
