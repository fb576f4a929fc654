"""Parquet, written row group by row group.

Columns are laid out in Arrow's memory format here, with NumPy: `pyarrow.array` would load pandas wherever pandas is
installed, which costs a process that serves pages 50 MB.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from itertools import chain, islice
from typing import Any

import numpy as np

from leaderboard.exports.columns import LICENCE, Sheet, ValueKind, known
from leaderboard.exports.streams import Drain

ROWS_PER_GROUP = 1 << 14
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class ParquetType(StrEnum):
    """The types of columns; every one may be null."""

    TEXT = "text"
    TEXTS = "list of texts"
    INTEGER = "integer"
    FLOAT = "float"
    FLAG = "boolean"
    DATE = "date"
    TIME = "time, UTC"


@dataclass(frozen=True)
class ParquetColumn:
    name: str
    type: ParquetType
    about: str


_OF_KIND = {
    ValueKind.TEXT: ParquetType.TEXT,
    ValueKind.INTEGER: ParquetType.INTEGER,
    ValueKind.SCORE: ParquetType.FLOAT,
    ValueKind.PERCENT: ParquetType.FLOAT,
    ValueKind.NUMBER: ParquetType.FLOAT,
    ValueKind.DATE: ParquetType.DATE,
    ValueKind.FLAG: ParquetType.FLAG,
}


def parquet(sheet: Sheet, data_version: int) -> Iterator[bytes]:
    columns = [ParquetColumn(column.key, _OF_KIND[column.kind], column.label) for column in sheet.columns]
    facts = {
        "title": sheet.title,
        "description": sheet.description,
        "address": sheet.address,
        "data_version": str(data_version),
        "licence": LICENCE,
    }
    return parquet_chunks(columns, sheet.rows, facts)


def parquet_chunks(
    columns: Sequence[ParquetColumn],
    rows: Iterable[Sequence[Any]],
    facts: Mapping[str, str],
    rows_per_group: int = ROWS_PER_GROUP,
) -> Iterator[bytes]:
    """The file, a chunk per row group; no more than that is held. `facts` become the file's key-value metadata."""
    import pyarrow as pa
    from pyarrow.parquet import ParquetWriter

    fields = [pa.field(column.name, _arrow_type(column.type), metadata={"about": column.about}) for column in columns]
    schema = pa.schema(fields, metadata=dict(facts))
    drain = Drain()
    remaining = iter(rows)
    with ParquetWriter(drain, schema, compression="zstd") as writer:
        while group := list(islice(remaining, rows_per_group)):
            arrays = [
                _array(column.type, values) for column, values in zip(columns, zip(*group, strict=True), strict=True)
            ]
            writer.write_batch(pa.RecordBatch.from_arrays(arrays, schema=schema), row_group_size=rows_per_group)
            yield drain.drained()
    yield drain.drained()


def _arrow_type(of: ParquetType) -> Any:
    import pyarrow as pa

    types = {
        ParquetType.TEXT: pa.string(),
        ParquetType.TEXTS: pa.list_(pa.string()),
        ParquetType.INTEGER: pa.int64(),
        ParquetType.FLOAT: pa.float64(),
        ParquetType.FLAG: pa.bool_(),
        ParquetType.DATE: pa.date32(),
        ParquetType.TIME: pa.timestamp("us", tz="UTC"),
    }
    return types[of]


def _array(of: ParquetType, values: Sequence[Any]) -> Any:
    """An Arrow array of the values, None where there is none."""
    import pyarrow as pa

    values = [known(value) for value in values] if of is ParquetType.FLOAT else values
    present = np.fromiter((value is not None for value in values), bool, len(values))
    validity = None if present.all() else _bits(present)
    match of:
        case ParquetType.TEXT:
            return _texts(values, validity)
        case ParquetType.TEXTS:
            lists = [value or () for value in values]
            inner = _texts(list(chain.from_iterable(lists)), None)
            return pa.Array.from_buffers(
                _arrow_type(of), len(values), [validity, _offsets(map(len, lists))], children=[inner]
            )
        case ParquetType.FLAG:
            data = _bits(np.fromiter((bool(value) for value in values), bool, len(values)))
        case _:
            data = pa.py_buffer(_numbers(of, values))
    return pa.Array.from_buffers(_arrow_type(of), len(values), [validity, data])


def _texts(values: Sequence[str | None], validity: Any) -> Any:
    import pyarrow as pa

    encoded = [(value or "").encode() for value in values]
    buffers = [validity, _offsets(map(len, encoded)), pa.py_buffer(b"".join(encoded))]
    return pa.Array.from_buffers(pa.string(), len(encoded), buffers)


def _offsets(lengths: Iterable[int]) -> Any:
    """Where each entry of a variable length begins, and where the last one ends."""
    import pyarrow as pa

    return pa.py_buffer(np.cumsum([0, *lengths]).astype(np.int32))


def _bits(flags: np.ndarray) -> Any:
    import pyarrow as pa

    return pa.py_buffer(np.packbits(flags, bitorder="little").tobytes())


def _numbers(of: ParquetType, values: Sequence[Any]) -> np.ndarray:
    """One number per value, 0 in place of None."""
    match of:
        case ParquetType.FLOAT:
            return np.array([value or 0.0 for value in values], np.float64)
        case ParquetType.DATE:
            return np.array([_day(value) if value else 0 for value in values], np.int32)
        case ParquetType.TIME:
            return np.array([_microseconds(value) if value else 0 for value in values], np.int64)
    return np.array([value or 0 for value in values], np.int64)


def _day(value: date) -> int:
    """Days since 1970; a date with a time counts as its day."""
    return value.toordinal() - _EPOCH.toordinal()


def _microseconds(value: datetime) -> int:
    since = value - _EPOCH
    return (since.days * 86_400 + since.seconds) * 10**6 + since.microseconds
