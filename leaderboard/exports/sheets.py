"""A view as a file: five formats, streamed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.http import StreamingHttpResponse

from leaderboard.exports.columns import Sheet, SheetColumn, ValueKind
from leaderboard.exports.comma_separated import comma_separated
from leaderboard.exports.json_document import json_document
from leaderboard.exports.latex import latex
from leaderboard.exports.markdown import markdown
from leaderboard.exports.parquet import parquet
from leaderboard.exports.responses import attachment, file_stem
from leaderboard.selectors.versions import data_version

__all__ = ["FORMATS", "Sheet", "SheetColumn", "SheetFormat", "ValueKind", "sheet_response"]


@dataclass(frozen=True)
class SheetFormat:
    """How a sheet becomes a file: `write` takes the sheet and the version of the data."""

    label: str
    about: str
    content_type: str
    write: Callable[[Sheet, int], Iterator[bytes]]
    compressed: bool = False


FORMATS = {
    "csv": SheetFormat(
        label="CSV",
        about="for spreadsheets: the numbers as the page shows them",
        content_type="text/csv; charset=utf-8",
        write=lambda sheet, _: comma_separated(sheet),
    ),
    "json": SheetFormat(
        label="JSON",
        about="for programs: full precision, every field described",
        content_type="application/json",
        write=json_document,
    ),
    "parquet": SheetFormat(
        label="Parquet",
        about="for data frames: full precision, typed columns",
        content_type="application/vnd.apache.parquet",
        write=parquet,
        compressed=True,
    ),
    "md": SheetFormat(
        label="Markdown",
        about="for a README: as the page shows it, the best in bold",
        content_type="text/markdown; charset=utf-8",
        write=lambda sheet, _: markdown(sheet),
    ),
    "tex": SheetFormat(
        label="LaTeX",
        about="for a paper: a longtable as the page shows it, the best in bold",
        content_type="application/x-tex; charset=utf-8",
        write=lambda sheet, _: latex(sheet),
    ),
}


def sheet_response(sheet: Sheet, format: str) -> StreamingHttpResponse:  # noqa: A002 - the word that addresses use
    """The sheet as a download in one of FORMATS."""
    chosen = FORMATS[format]
    return attachment(
        chosen.write(sheet, data_version()),
        f"{file_stem(sheet.name)}.{format}",
        chosen.content_type,
        compressed=chosen.compressed,
    )
