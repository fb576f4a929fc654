"""JSON with full precision: the view's description, its fields, and one object per row."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import orjson

from leaderboard.exports.columns import LICENCE, Sheet, ValueKind, known
from leaderboard.exports.streams import in_chunks

MEANINGS = {
    ValueKind.TEXT: "text; an empty text is known to be empty",
    ValueKind.INTEGER: "whole number",
    ValueKind.SCORE: "fraction with full precision; pages show it x 100 with two decimals",
    ValueKind.PERCENT: "percent, from 0 to 100",
    ValueKind.DATE: "date, YYYY-MM-DD",
    ValueKind.NUMBER: "number",
    ValueKind.FLAG: "true or false",
}


def json_document(sheet: Sheet, data_version: int) -> Iterator[bytes]:
    return in_chunks(_pieces(sheet, data_version))


def _pieces(sheet: Sheet, data_version: int) -> Iterator[bytes]:
    head = {
        "title": sheet.title,
        "description": sheet.description,
        "address": sheet.address,
        "data_version": data_version,
        "licence": LICENCE,
        "fields": [
            {"key": column.key, "label": column.label, "kind": column.kind, "meaning": MEANINGS[column.kind]}
            for column in sheet.columns
        ],
    }
    yield orjson.dumps(head)[:-1] + b',"rows":['
    keys = [column.key for column in sheet.columns]
    separator = b"\n"
    for row in sheet.rows:
        values = {key: _value(value) for key, value in zip(keys, row, strict=True)}
        yield separator + orjson.dumps(values, option=orjson.OPT_SERIALIZE_NUMPY)
        separator = b",\n"
    yield b"\n]}\n"


def _value(value: Any) -> Any:
    """Dates are days here, as on the page."""
    value = known(value)
    return value.date() if isinstance(value, datetime) else value
