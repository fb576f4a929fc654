"""A LaTeX longtable of what the page shows, to \\input into a paper."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from leaderboard.exports.columns import Sheet, SheetColumn, ValueKind, is_best, shown
from leaderboard.exports.streams import in_chunks
from leaderboard.tables.cells import revision_text

_COMMANDS = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "`": r"\textasciigrave{}",
    # After \\ these two would be read as its arguments.
    "[": "{[}",
    "*": "{*}",
    "\N{EN DASH}": "--",
}
# Two hyphens or apostrophes in a row would become a dash or a quotation mark.
_SPECIAL = re.compile("|".join([*map(re.escape, _COMMANDS), "-(?=-)", "'(?=')"]))


def latex(sheet: Sheet) -> Iterator[bytes]:
    return in_chunks(piece.encode() for piece in _lines(sheet))


def _lines(sheet: Sheet) -> Iterator[str]:
    head = _row(escaped(column.label) for column in sheet.columns)
    alignment = "".join("l" if column.kind is ValueKind.TEXT else "r" for column in sheet.columns)
    yield f"% {_one_line(sheet.address)}\n"
    yield "% Needs \\usepackage{booktabs,longtable}.\n"
    yield f"\\begin{{longtable}}{{{alignment}}}\n"
    yield f"\\caption{{{escaped(sheet.title)}. {escaped(sheet.description)}}}\\\\\n"
    yield f"\\toprule\n{head}\\midrule\n\\endfirsthead\n"
    yield f"\\toprule\n{head}\\midrule\n\\endhead\n"
    yield "\\bottomrule\n\\endlastfoot\n"
    for row in sheet.rows:
        yield _row(_cell(value, column) for value, column in zip(row, sheet.columns, strict=True))
    yield "\\end{longtable}\n"


def _row(cells: Iterable[str]) -> str:
    return f"{' & '.join(cells)} \\\\\n"


def _cell(value: Any, column: SheetColumn) -> str:
    text = shown(value, column.kind)
    if not text:
        return "--" if value != "" else ""
    if column.kind is ValueKind.TEXT:
        return escaped(revision_text(text))
    number = f"{text}\\%" if column.kind is ValueKind.PERCENT else text.replace("-", "$-$", text.startswith("-"))
    return f"\\textbf{{{number}}}" if is_best(value, column) else number


def escaped(text: str) -> str:
    """The text on one line, where no character means anything to LaTeX."""
    return _SPECIAL.sub(lambda match: _COMMANDS.get(match[0], match[0] + "{}"), _one_line(text))


def _one_line(text: str) -> str:
    return " ".join(text.split())
