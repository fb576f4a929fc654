"""Views as files."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Any, cast

import pyarrow.parquet as pq
import pytest
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.test import RequestFactory

from leaderboard.exports import latex, markdown
from leaderboard.exports.pages import model_sheet
from leaderboard.exports.sheets import FORMATS, Sheet, SheetColumn, ValueKind, sheet_response
from leaderboard.models import Scope
from leaderboard.selectors.model_metas import model_scores
from leaderboard.views.exports import export_addresses, exported, view_address
from tests.factories import make_model, make_result, make_task

COLUMNS = [
    SheetColumn("model", "Model", ValueKind.TEXT),
    SheetColumn("rank", "Rank", ValueKind.INTEGER),
    SheetColumn("score", "Score", ValueKind.SCORE, best=0.123456),
    SheetColumn("zero_shot", "Zero-shot", ValueKind.PERCENT),
    SheetColumn("released", "Released", ValueKind.DATE),
    SheetColumn("memory", "Memory", ValueKind.NUMBER),
    SheetColumn("open", "Open", ValueKind.FLAG),
]
FULL = ["org/a_b", 1, 0.123456, 50, date(2026, 5, 4), 595.5, True]
BLANK = ["", None, float("nan"), None, None, None, None]


def sheet_of(rows: Any, columns: Sequence[SheetColumn] = COLUMNS) -> Sheet:
    return Sheet("MTEB(eng, v2)", "A board", "What it shows.", "https://board.example/?a=1&b=2", columns, rows)


def written(sheet: Sheet, wanted: str) -> bytes:
    return b"".join(cast("Iterator[bytes]", sheet_response(sheet, wanted).streaming_content))


def text_cell(text: str, wanted: str) -> str:
    """A file with nothing but this text."""
    return written(sheet_of([[text]], [SheetColumn("text", "Text", ValueKind.TEXT)]), wanted).decode()


@pytest.mark.django_db
def test_csv_shows_the_numbers_of_the_page_and_leaves_blank_what_is_unknown() -> None:
    head, full, blank = csv.reader(io.StringIO(written(sheet_of([FULL, BLANK]), "csv").decode()))
    assert head == ["Model", "Rank", "Score", "Zero-shot (%)", "Released", "Memory", "Open"]
    assert full == ["org/a_b", "1", "12.35", "50", "2026-05-04", "595.5", "yes"]
    assert blank == [""] * 7


@pytest.mark.django_db
@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "\uff1d"])
def test_csv_leaves_no_text_that_a_spreadsheet_would_run(start: str) -> None:
    evil = f'{start}HYPERLINK("x");{start}1'
    rows = list(csv.reader(io.StringIO(text_cell(evil, "csv"), newline="")))
    assert rows == [["Text"], [f"'{evil}"]]


@pytest.mark.django_db
def test_csv_quotes_text_and_keeps_negative_numbers_numbers() -> None:
    columns = [SheetColumn("t", "a;b", ValueKind.TEXT), SheetColumn("s", "S", ValueKind.SCORE)]
    assert written(sheet_of([['say "a,b"\0', -0.5]], columns), "csv") == b'"a;b","S"\r\n"say ""a,b""",-50.00\r\n'


@pytest.mark.django_db
def test_json_has_full_precision_and_describes_its_fields() -> None:
    document = json.loads(written(sheet_of([FULL, BLANK]), "json"))
    assert document["rows"][0] == {
        "model": "org/a_b",
        "rank": 1,
        "score": 0.123456,
        "zero_shot": 50,
        "released": "2026-05-04",
        "memory": 595.5,
        "open": True,
    }
    assert set(document["rows"][1].values()) == {"", None}
    assert document["fields"][2]["label"] == "Score"
    assert "x 100" in document["fields"][2]["meaning"]
    assert document["address"] == "https://board.example/?a=1&b=2"
    assert json.loads(written(sheet_of([]), "json"))["rows"] == []


@pytest.mark.django_db
def test_parquet_has_types_full_precision_and_the_view_in_its_metadata() -> None:
    table = pq.read_table(io.BytesIO(written(sheet_of([FULL, BLANK]), "parquet")))
    full, blank = table.to_pylist()
    assert list(full.values()) == FULL
    assert blank == {**dict.fromkeys(full), "model": ""}
    assert table.schema.metadata[b"address"] == b"https://board.example/?a=1&b=2"
    assert b"CC0" in table.schema.metadata[b"licence"]
    assert pq.read_table(io.BytesIO(written(sheet_of([]), "parquet"))).num_rows == 0


@pytest.mark.django_db
def test_documents_show_the_page_with_the_best_in_bold() -> None:
    rows = [FULL, BLANK, ["c" * 40, 2, -0.25, 0, None, 1.0, False]]
    table = written(sheet_of(rows), "md").decode()
    assert "| org/a\\_b | 1 | **12.35** | 50% | 2026-05-04 | 595.5 | yes |" in table
    assert "|  | – | – | – | – | – | – |" in table  # noqa: RUF001 - the mark of a blank cell
    assert "| cccccccc | 2 | -25.00 | 0% |" in table
    paper = written(sheet_of(rows), "tex").decode()
    assert "org/a\\_b & 1 & \\textbf{12.35} & 50\\% & 2026-05-04 & 595.5 & yes \\\\" in paper
    assert " & -- & -- & -- & -- & -- & -- \\\\" in paper
    assert "cccccccc & 2 & $-$25.00 & 0\\%" in paper


def test_no_text_means_anything_to_markdown_or_latex() -> None:
    assert markdown.escaped("a|b*[x](y)\n`<b>` & \\") == r"a\|b\*\[x\](y) \`&lt;b>\` &amp; \\"
    assert latex.escaped("50% of $x_1 & #2 {a} \\b ~^<>|") == (
        r"50\% of \$x\_1 \& \#2 \{a\} \textbackslash{}b \textasciitilde{}\textasciicircum{}"
        r"\textless{}\textgreater{}\textbar{}"
    )
    assert latex.escaped("[1] a--b ''q''\n*") == "{[}1] a-{}-b '{}'q'{}' {*}"


@pytest.mark.django_db
@pytest.mark.parametrize("wanted", FORMATS)
def test_a_file_is_sent_while_its_rows_are_still_being_read(wanted: str) -> None:
    taken = 0
    n_rows = 70_000

    def rows() -> Iterator[list[Any]]:
        nonlocal taken
        for taken in range(n_rows):
            yield [f"model-{taken}", taken, taken / n_rows, 1, None, 1.5, None]

    response = sheet_response(sheet_of(rows()), wanted)
    chunks = cast("Iterator[bytes]", response.streaming_content)
    next(chunks)
    assert 0 < taken < n_rows / 2
    assert max(map(len, chunks)) < 2**20


@pytest.mark.django_db
def test_a_download_has_a_safe_name_and_its_type() -> None:
    response = sheet_response(sheet_of([]), "csv")
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["Content-Disposition"] == 'attachment; filename="mtebeng-v2.csv"'


def test_two_columns_may_not_have_one_key() -> None:
    with pytest.raises(ValueError, match="same key"):
        sheet_of([], [COLUMNS[0], COLUMNS[0]])


def asked(address: str) -> HttpRequest:
    request = RequestFactory().get(address)
    request.user = AnonymousUser()
    return request


@pytest.mark.django_db
def test_a_view_is_a_page_a_file_or_a_list_of_formats() -> None:
    assert exported(asked("/tasks/X/?source=official"), lambda: sheet_of([])) is None
    answer = exported(asked("/tasks/X/?format=csv"), lambda: sheet_of([]))
    assert answer is not None
    assert answer.status_code == 200
    for wrong in ("xlsx", "", "%00"):
        answer = exported(asked(f"/tasks/X/?source=official&format={wrong}"), lambda: sheet_of([]))
        assert answer is not None
        assert answer.status_code == 400
        assert b'href="/tasks/X/?source=official&amp;format=parquet"' in answer.content  # type: ignore[attr-defined]


def test_links_to_files_keep_the_view_but_not_its_page() -> None:
    request = asked("/tasks/X/?sort=-score&page=3&per_page=50&a=1&a=2")
    assert export_addresses(request)["CSV"] == "/tasks/X/?sort=-score&a=1&a=2&format=csv"
    assert view_address(request) == "http://testserver/tasks/X/?sort=-score&a=1&a=2"


@pytest.mark.django_db
def test_the_results_of_a_model_are_a_sheet() -> None:
    task = make_task("STS13")
    model_meta = make_model("org/first", contaminated_tasks=["STS13"])
    make_result(model_meta, task, 0.75, date=datetime(2026, 5, 4, 23, 30, tzinfo=UTC))
    scores = model_scores(model_meta, Scope.ALL)
    sheet = model_sheet(model_meta, scores, Scope.ALL, "https://board.example/models/org/first/")
    (row,) = json.loads(written(sheet, "json"))["rows"]
    assert (row["task"], row["score"], row["contaminated"], row["rank"]) == ("STS13", 0.75, True, 1)
    assert (row["date"], row["source"], row["model_revision"]) == ("2026-05-04", "official", "1" * 40)


WRITE_PARQUET = """
import sys, django
django.setup()
from leaderboard.exports.parquet import ParquetColumn, ParquetType, parquet_chunks
columns = [ParquetColumn(kind.name, kind, "") for kind in ParquetType]
b"".join(parquet_chunks(columns, [[None] * len(columns)], {}))
print([name for name in ("pandas", "polars", "scipy") if name in sys.modules])
"""


def test_writing_parquet_loads_no_pandas() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WRITE_PARQUET],
        cwd=settings.BASE_DIR,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout.strip()) == (0, "[]"), done.stderr
