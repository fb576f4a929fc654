"""Files of rows: JSON Lines, CSV, TSV and Parquet, each row with the line or number that a person finds it by.

Nothing here knows Django or mteb. What cannot be read is told as a sentence; what a row must hold is checked elsewhere.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

SUFFIXES = (".jsonl", ".csv", ".tsv", ".parquet")
LARGEST_FILE = 256 * 1024**2
MOST_ROWS = 1_000_000
MOST_MISTAKES = 50
"""Of one file; what is more is counted."""
PARQUET_BATCH = (4, 256)
"""Rows read at a time, at least and at most."""
BATCH_BYTES = LARGEST_FILE // 8
CSV_DELIMITERS = {".csv": ",", ".tsv": "\t"}

csv.field_size_limit(LARGEST_FILE)


class Row(NamedTuple):
    line: int
    values: dict[str, Any]


@dataclass
class Mistakes:
    """What is wrong with the files below `root`, as sentences."""

    root: Path
    sentences: list[str] = field(default_factory=list)
    counts: dict[Path, int] = field(default_factory=dict)

    def add(self, path: Path, sentence: str, line: int | None = None) -> None:
        self.counts[path] = self.counts.get(path, 0) + 1
        if self.counts[path] <= MOST_MISTAKES:
            where = f", {'row' if path.suffix == '.parquet' else 'line'} {line}" if line else ""
            self.sentences.append(f"{self._place(path)}{where}: {sentence}")

    def told(self) -> list[str]:
        """The sentences, and for files with very many mistakes how many are not told."""
        left = {path: count - MOST_MISTAKES for path, count in self.counts.items() if count > MOST_MISTAKES}
        return self.sentences + [
            f"{self._place(path)}: {count:,} more {'mistake is' if count == 1 else 'mistakes are'} not listed."
            for path, count in left.items()
        ]

    def _place(self, path: Path) -> str:
        return path.relative_to(self.root.parent).as_posix()


class Unreadable(Exception):
    """The rest of the file cannot be read."""

    def __init__(self, sentence: str, line: int | None = None) -> None:
        super().__init__(sentence)
        self.line = line


def data_file(path: Path) -> Path:
    """The file that is there for `<name>.jsonl`, which may have one of the other endings; of several the first."""
    return next((found for suffix in SUFFIXES if (found := path.with_suffix(suffix)).is_file()), path)


def read_file(path: Path, fields: Collection[str], mistakes: Mistakes) -> list[Row]:
    """The rows of a file. Values of CSV and TSV are texts; a field that the header lacks is told once."""
    others = [path.with_suffix(suffix).name for suffix in SUFFIXES if path.with_suffix(suffix).is_file()]
    if len(others) > 1:
        mistakes.add(path, f"{' and '.join(others)} hold the same split; keep one of them.")
        return []
    rows: list[Row] = []
    before = len(mistakes.counts)
    try:
        for row in _rows(path, fields, mistakes):
            rows.append(row)
            if len(rows) > MOST_ROWS:
                raise Unreadable(f"the file has more than {MOST_ROWS:,} rows; leave some out.")
    except Unreadable as problem:
        mistakes.add(path, str(problem), problem.line)
        return []
    if not rows and path not in mistakes.counts and before == len(mistakes.counts):
        mistakes.add(path, "the file is empty.")
    return rows


def _rows(path: Path, fields: Collection[str], mistakes: Mistakes) -> Iterator[Row]:
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise Unreadable(f"the file is larger than {LARGEST_FILE // 1024**2} MB; leave some rows out.")
        if path.suffix == ".parquet":
            yield from _parquet_rows(path)
            return
        content = path.read_bytes()
    except FileNotFoundError:
        raise Unreadable("the file is missing.") from None
    except OSError as error:
        raise Unreadable(f"the file cannot be read ({error.strerror}).") from None
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise Unreadable("the file is UTF-16; save it in UTF-8.")
    content = content.removeprefix(b"\xef\xbb\xbf")
    if path.suffix in CSV_DELIMITERS:
        yield from _csv_rows(path, content, fields, mistakes)
    else:
        yield from _json_rows(path, content, mistakes)


def _json_rows(path: Path, content: bytes, mistakes: Mistakes) -> Iterator[Row]:
    for line, raw in enumerate(content.split(b"\n"), start=1):
        if not raw.strip():
            continue
        try:
            values = json.loads(raw.decode("utf-8"))
        except UnicodeDecodeError:
            mistakes.add(path, "the line is not UTF-8; save the file in UTF-8.", line)
        except (ValueError, RecursionError) as error:
            mistakes.add(path, f"the line is not a JSON object ({error}).", line)
        else:
            if isinstance(values, dict):
                yield Row(line, values)
            else:
                mistakes.add(path, "the line is not a JSON object; write {...} with the fields by name.", line)


def _csv_rows(path: Path, content: bytes, fields: Collection[str], mistakes: Mistakes) -> Iterator[Row]:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise Unreadable("the line is not UTF-8; save the file in UTF-8.", line) from None
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=CSV_DELIMITERS[path.suffix], strict=True)
    header: list[str] | None = None
    line = 1
    try:
        for values in reader:
            if not values:
                pass
            elif header is None:
                header = _csv_header(path, values, fields)
            elif len(values) != len(header):
                mistakes.add(path, f"the line has {len(values)} values and the first line {len(header)} names.", line)
            else:
                yield Row(line, dict(zip(header, values, strict=True)))
            line = reader.line_num + 1
    except csv.Error as error:
        raise Unreadable(f"the line cannot be read ({error}); put a text with quotes into quotes.", line) from None


def _csv_header(path: Path, names: list[str], fields: Collection[str]) -> list[str]:
    if len(set(names)) < len(names):
        raise Unreadable("a column name stands twice.", 1)
    if missing := [name for name in fields if name not in names]:
        absent = ", ".join(f'"{name}"' for name in missing)
        raise Unreadable(f"the first line must name the columns; {absent} {_is_or_are(missing)} missing.", 1)
    return names


def _is_or_are(names: list[str]) -> str:
    return "is" if len(names) == 1 else "are"


def _parquet_rows(path: Path) -> Iterator[Row]:
    """In small batches, because a small file can stand for very long columns. The size of all values is limited."""
    import pyarrow as pa
    from pyarrow import parquet

    try:
        with parquet.ParquetFile(path) as file:
            size = 0
            number = 0
            for batch in file.iter_batches(batch_size=_batch_size(file)):
                columns = [
                    column.dictionary_decode() if pa.types.is_dictionary(column.type) else column
                    for column in batch.columns
                ]
                batch = pa.RecordBatch.from_arrays(columns, names=batch.schema.names)
                size += batch.nbytes
                if size > LARGEST_FILE:
                    raise Unreadable(f"the values take more than {LARGEST_FILE // 1024**2} MB; leave some rows out.")
                for values in batch.to_pylist():
                    number += 1
                    yield Row(number, values)
    except pa.ArrowException as error:
        raise Unreadable(f"the file is not readable Parquet ({str(error).splitlines()[0]}).") from None


def _batch_size(file: Any) -> int:
    """Such that a batch fits into memory even if each of its rows repeats the longest value that a column can have."""
    metadata = file.metadata
    chunks = (
        metadata.row_group(group).column(column).total_uncompressed_size
        for group in range(metadata.num_row_groups)
        for column in range(metadata.num_columns)
    )
    least, most = PARQUET_BATCH
    return max(least, min(most, BATCH_BYTES // max([*chunks, 1])))
