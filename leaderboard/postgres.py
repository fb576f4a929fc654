"""Values in PostgreSQL's own spelling, where psycopg's general way is too slow."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any


def array_literal(values: Iterable[float | None]) -> str:
    """A float array as text; psycopg's own dumper takes ten times as long."""
    return "{" + ",".join(["NULL" if value is None else repr(value) for value in values]) + "}"


def copy_line(values: Iterable[Any]) -> bytes:
    """A row as a line of COPY's text format: None, plain numbers and strings, and lists of them."""
    return ("\t".join([_SPELLINGS[type(value)](value) for value in values]) + "\n").encode()


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")


def _list(values: list[Any]) -> str:
    return _escaped("{" + ",".join([_ELEMENTS[type(value)](value) for value in values]) + "}")


def _quoted(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


_Spelling = Callable[[Any], str]
_NUMBERS: dict[type, _Spelling] = {bool: lambda value: "t" if value else "f", int: repr, float: repr}
_ELEMENTS: dict[type, _Spelling] = {**_NUMBERS, type(None): lambda _: "NULL", str: _quoted}
_SPELLINGS: dict[type, _Spelling] = {**_NUMBERS, type(None): lambda _: "\\N", str: _escaped, list: _list}
