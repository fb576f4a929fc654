"""Reading rows out of JSON Lines, CSV, TSV and Parquet."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from evaluation.custom.data_files import LARGEST_FILE, Row
from evaluation.custom.tasks import CustomTaskError, TaskDefinition, read_split, read_task_folder
from tests.factories_custom_tasks import ROWS, make_task_folder

STS_ROWS = ROWS["STS"]["test.jsonl"]


def folder_with(folder: Path, name: str, content: bytes | str, task_type: str = "STS") -> Path:
    """A folder whose test split is this file."""
    make_task_folder(folder, task_type)
    (folder / "test.jsonl").unlink()
    (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def mistakes_of(folder: Path) -> list[str]:
    with pytest.raises(CustomTaskError) as caught:
        read_task_folder(folder)
    return caught.value.mistakes


def rows_of(definition: TaskDefinition) -> list[dict[str, object]]:
    return [row.values for row in read_split(definition, "default", "test") if isinstance(row, Row)]


CSV = "sentence1,sentence2,score\nThe soup is hot.,The soup is very hot.,4.5\n"
CSV += "He sleeps.,She paints the fence.,0\nA boat on a lake.,A ship at sea.,2\n"


@pytest.mark.parametrize(("name", "content"), [("test.csv", CSV), ("test.tsv", CSV.replace(",", "\t"))])
def test_csv_and_tsv_are_read_as_json_lines_are(tmp_path: Path, name: str, content: str) -> None:
    definition = read_task_folder(folder_with(tmp_path / "tiny", name, "\ufeff" + content))
    assert rows_of(definition) == STS_ROWS


def test_parquet_is_read_as_json_lines_are(tmp_path: Path) -> None:
    folder = folder_with(tmp_path / "tiny", "test.parquet", b"")
    parquet.write_table(pa.Table.from_pylist([dict(row) for row in STS_ROWS]), folder / "test.parquet")
    assert rows_of(read_task_folder(folder)) == STS_ROWS


def test_lists_in_csv_are_written_as_json(tmp_path: Path) -> None:
    content = 'query,positive,negative\nboil eggs,"[""Five minutes.""]","[""Hens lay."", ""No.""]"\n'
    definition = read_task_folder(folder_with(tmp_path / "tiny", "test.csv", content, "Reranking"))
    expected = {"query": "boil eggs", "positive": ["Five minutes."], "negative": ["Hens lay.", "No."]}
    assert rows_of(definition) == [expected]


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("test.csv", "", "tiny/test.csv: the file is empty."),
        (
            "test.csv",
            "sentence1,score\na,1\n",
            "tiny/test.csv, line 1: the first line must name the columns;",
        ),
        ("test.csv", "a,a\n", "tiny/test.csv, line 1: a column name stands twice."),
        ("test.csv", CSV + "one,two\n", "tiny/test.csv, line 5: the line has 2 values and the first line 3 names."),
        ("test.csv", CSV + "a,b,high\n", 'tiny/test.csv, line 5: "score" must be a number.'),
        ("test.csv", CSV + "a,b,inf\n", 'tiny/test.csv, line 5: "score" must be a number.'),
        ("test.csv", CSV + '"a\nb",,1\n', 'tiny/test.csv, line 5: "sentence2" must be a text that is not empty.'),
        ("test.csv", CSV.encode() + b"\xff,b,1\n", "tiny/test.csv, line 5: the line is not UTF-8"),
        ("test.csv", CSV + 'a,"b" c,1\n', "tiny/test.csv, line 5: the line cannot be read"),
        ("test.jsonl", "x".encode("utf-16"), "tiny/test.jsonl: the file is UTF-16; save it in UTF-8."),
        ("test.jsonl", '{"sentence1": "\\ud800"}', 'tiny/test.jsonl, line 1: "sentence1" has half a character'),
        ("test.jsonl", "[" * 100_000, "tiny/test.jsonl, line 1: the line is not a JSON object"),
        ("test.jsonl", '{"score": 1' + "0" * 400 + "}", 'tiny/test.jsonl, line 1: "score" must be a number.'),
        ("test.parquet", b"no parquet", "tiny/test.parquet: the file is not readable Parquet"),
    ],
)
def test_what_cannot_be_read_is_told_with_file_and_line(
    tmp_path: Path, name: str, content: bytes | str, sentence: str
) -> None:
    mistakes = mistakes_of(folder_with(tmp_path / "tiny", name, content))
    assert any(mistake.startswith(sentence) for mistake in mistakes), mistakes


def missing_column(folder: Path) -> None:
    parquet.write_table(pa.table({"sentence1": ["a"], "score": [1.0]}), folder / "test.parquet")


def long_values(folder: Path) -> None:
    """Three megabytes on the disk, sixty gigabytes in memory."""
    column = pa.DictionaryArray.from_arrays(pa.array([0] * 20_000), pa.array(["x" * 3_000_000]))
    table = pa.table({"sentence1": column, "sentence2": column, "score": [1.0] * 20_000})
    parquet.write_table(table, folder / "test.parquet", compression="none")


@pytest.mark.parametrize(
    ("write", "sentence"),
    [
        (missing_column, 'tiny/test.parquet, row 1: the field "sentence2" is missing.'),
        (long_values, f"tiny/test.parquet: the values take more than {LARGEST_FILE // 1024**2} MB"),
    ],
)
def test_rows_of_parquet_are_counted_and_limited(tmp_path: Path, write: Callable[[Path], None], sentence: str) -> None:
    folder = folder_with(tmp_path / "tiny", "test.parquet", b"")
    write(folder)
    assert any(mistake.startswith(sentence) for mistake in mistakes_of(folder))


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    folder = folder_with(tmp_path / "tiny", "test.jsonl", b"")
    os.truncate(folder / "test.jsonl", LARGEST_FILE + 1)
    assert mistakes_of(folder) == ["tiny/test.jsonl: the file is larger than 256 MB; leave some rows out."]


def test_two_files_for_one_split_are_refused(tmp_path: Path) -> None:
    folder = make_task_folder(tmp_path / "tiny")
    (folder / "test.csv").write_text(CSV)
    assert mistakes_of(folder) == ["tiny/test.jsonl: test.jsonl and test.csv hold the same split; keep one of them."]


def test_of_a_file_with_very_many_mistakes_the_rest_is_counted(tmp_path: Path) -> None:
    mistakes = mistakes_of(make_task_folder(tmp_path / "tiny", files={"test.jsonl": [{"sentence1": "a"}] * 60}))
    assert len(mistakes) == 51
    assert mistakes[-1] == "tiny/test.jsonl: 70 more mistakes are not listed."


def test_ids_may_be_called_as_on_the_hub(tmp_path: Path) -> None:
    renamed = [{"_id": row["id"], "text": row["text"]} for row in ROWS["Retrieval"]["queries.jsonl"]]
    folder = make_task_folder(tmp_path / "tiny", "Retrieval", files={"queries.jsonl": renamed})
    assert read_task_folder(folder).statistics["test"]["num_samples"] == 4
