"""What the part after the field means: an operator and a written value become a test of a row's value.

Quantities, scores and dates are intervals, so that a month, a range and a number follow the same rules.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from leaderboard.query_language.fields import Field, Kind, closest
from leaderboard.query_language.tokens import Token, quoted, quoted_if_needed

KNOWN, UNKNOWN = "known", "unknown"
HAS, IS, IS_NOT = ":", "=", "!="
EQUALITIES = (HAS, IS, IS_NOT)
MATCHES = "~"
_SYNONYMS = {"==": IS, "≤": "<=", "≥": ">=", "≠": IS_NOT}
_RANGE = ".."

_NUMBER = re.compile(r"([+-]?(?:\d{1,15}(?:\.\d{0,15})?|\.\d{1,15}))([a-z]*)", re.ASCII | re.IGNORECASE)
_DATE = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?", re.ASCII)
_LARGE = {"": 1, "k": 10**3, "m": 10**6, "b": 10**9, "t": 10**12}
# A megabyte of memory is 1024 * 1024 bytes, as in mteb's metadata.
_MEGABYTES = {"": 1, "mb": 1, "m": 1, "gb": 1024, "g": 1024, "tb": 1024**2, "t": 1024**2}
_SCALES = {"": _LARGE, "MB": _MEGABYTES}
_PERCENT = "%"
_FLAGS = {"yes": True, "true": True, "no": False, "false": False}

Test = Callable[[Any], bool]


class Reading(NamedTuple):
    """What was understood: `test` for a row's value, and how the value is written in the canonical text."""

    test: Test
    written: str


class Interval(NamedTuple):
    low: Any
    high: Any


_COMPARISONS: dict[str, Callable[[Any, Interval], bool]] = {
    "<": lambda value, wanted: value < wanted.low,
    "<=": lambda value, wanted: value <= wanted.high,
    ">": lambda value, wanted: value > wanted.high,
    ">=": lambda value, wanted: value >= wanted.low,
    HAS: lambda value, wanted: wanted.low <= value <= wanted.high,
    IS: lambda value, wanted: wanted.low <= value <= wanted.high,
    IS_NOT: lambda value, wanted: not wanted.low <= value <= wanted.high,
}


def is_unknown(value: Any) -> bool:
    if isinstance(value, str | list | tuple | set | frozenset):
        return not value
    return value is None or bool(value != value)


def is_number(text: str) -> bool:
    return _NUMBER.fullmatch(text) is not None


def operator_of(token: Token) -> str:
    return _SYNONYMS.get(token.written, token.written)


def read_value(field: Field, operator: str, value: Token) -> Reading:
    """Unknown values pass no test but `unknown`."""
    if not value.quoted and value.text.casefold() in {KNOWN, UNKNOWN} and operator != MATCHES:
        return _read_known(field, operator, value)
    if not value.text:
        raise value.error(f"Write something between the quotation marks, or {field.name}:{UNKNOWN}.")
    reader = _read_expression if operator == MATCHES else _READERS[field.kind]
    reading = reader(field, operator, value)
    return Reading(lambda found: not is_unknown(found) and reading.test(found), reading.written)


def _read_known(field: Field, operator: str, value: Token) -> Reading:
    word = value.text.casefold()
    if operator not in EQUALITIES:
        raise value.error(f"Write {field.name}:{word}; only values that are known are smaller or larger.")
    wants_unknown = (word == UNKNOWN) == (operator != IS_NOT)
    return Reading(lambda found: is_unknown(found) == wants_unknown, word)


def _refuse_order(field: Field, operator: str, value: Token, what: str) -> None:
    if operator not in EQUALITIES:
        raise value.error(f"“{field.name}” is {what} and has no order: use : or = or != in front of the value.")


# Texts


def pattern_of(text: str) -> list[str]:
    """The pieces between the wildcards `*`."""
    return text.casefold().split("*")


def fits(pieces: list[str], text: str) -> bool:
    """Whether the pieces stand in the text in their order, the first at its start and the last at its end."""
    if len(pieces) == 1:
        return text == pieces[0]
    first, *middle, last = pieces
    if not text.startswith(first):
        return False
    position = len(first)
    for piece in middle:
        found = text.find(piece, position)
        if found < 0:
            return False
        position = found + len(piece)
    return text.endswith(last) and position + len(last) <= len(text)


def contains(text: str) -> Test:
    """Bare words: the text stands somewhere in the value."""
    pieces = ["", *pattern_of(text), ""]
    return lambda found: not is_unknown(found) and fits(pieces, found.casefold())


def _read_text(field: Field, operator: str, value: Token) -> Reading:
    _refuse_order(field, operator, value, "text")
    pieces = pattern_of(value.text)
    written = _choice(field, pieces, value) if field.choices else value.text
    if operator == HAS and not field.choices:
        pieces = ["", *pieces, ""]

    def one_fits(found: Any) -> bool:
        parts: Iterable[str] = [found] if isinstance(found, str) else found
        return any(fits(pieces, part.casefold()) for part in parts)

    test = (lambda found: not one_fits(found)) if operator == IS_NOT else one_fits
    return Reading(test, quoted(written) if _is_reserved(written) else quoted_if_needed(written))


def _read_expression(field: Field, operator: str, value: Token) -> Reading:
    """A regular expression, found anywhere in the text. RE2 needs time in proportion to the text, whatever it says."""
    import re2

    if field.kind not in {"text", "texts"}:
        raise value.error(
            f"“{field.name}” is no text: only texts are compared with {MATCHES} and a regular expression."
        )
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    try:
        expression = re2.compile(value.text, options=options)
    except re2.error as problem:
        detail = problem.args[0].decode(errors="replace") if isinstance(problem.args[0], bytes) else problem.args[0]
        raise value.error(f"This is no regular expression as RE2 reads it: {detail}.") from None

    def test(found: Any) -> bool:
        parts: Iterable[str] = [found] if isinstance(found, str) else found
        return any(expression.search(part) is not None for part in parts)

    return Reading(test, quoted(value.text))


def _is_reserved(text: str) -> bool:
    return text.casefold() in {KNOWN, UNKNOWN}


def _choice(field: Field, pieces: list[str], value: Token) -> str:
    """The choice as it is spelt; a pattern stays as it is."""
    fitting = [choice for choice in field.choices if fits(pieces, choice.casefold())]
    if not fitting:
        meant = closest(value.text, field.choices)
        hint = f"Did you mean {quoted_if_needed(meant)}?" if meant else f"It can be {listed(field.choices)}."
        raise value.error(f"No {field.name} here is “{value.text}”. {hint}")
    return fitting[0] if len(pieces) == 1 else value.text


def listed(choices: Iterable[str], shown: int = 5) -> str:
    names = list(choices)
    return ", ".join(names[:shown]) + (", …" if len(names) > shown else "")


# Yes and no


def _read_flag(field: Field, operator: str, value: Token) -> Reading:
    _refuse_order(field, operator, value, "yes or no")
    wanted = _FLAGS.get(value.text.casefold())
    if wanted is None:
        raise value.error(
            f"“{field.name}” is yes or no: write {field.name}:yes, {field.name}:no or {field.name}:unknown."
        )
    expected = wanted != (operator == IS_NOT)
    return Reading(lambda found: bool(found) == expected, "yes" if wanted else "no")


# What has an order: numbers, scores, dates


@dataclass(frozen=True, slots=True)
class Order:
    """How a kind of values with an order is read: `point` gives what a written value spans, `place` where a row is."""

    point: Callable[[str, Field], Interval | None]
    place: Callable[[Any], Any]
    lowest: Any
    highest: Any
    what: str
    examples: str


def _amount(text: str, scale: dict[str, int]) -> Decimal | None:
    match = _NUMBER.fullmatch(text)
    factor = scale.get(match[2].lower()) if match else None
    return None if match is None or factor is None else Decimal(match[1]) * factor


def _number(text: str, field: Field) -> Interval | None:
    if field.unit == _PERCENT:
        return _score(text, field)
    amount = _amount(text, _SCALES[field.unit])
    return None if amount is None else Interval(float(amount), float(amount))


def _score(text: str, field: Field) -> Interval | None:
    """Times 100, as shown. Up to 1 it is a fraction; above, or with a percent sign, it is what the page shows."""
    amount = _amount(text.removesuffix(_PERCENT), {"": 1})
    if amount is None:
        return None
    shown = amount if text.endswith(_PERCENT) or abs(amount) > 1 else amount * 100
    return Interval(float(shown), float(shown))


def _period(text: str, field: Field) -> Interval | None:
    """A year, a month or a day: from its first to its last day."""
    match = _DATE.fullmatch(text)
    if match is None:
        return None
    year, month, day = (int(part) if part else None for part in match.groups())
    try:
        first = date(year or 0, month or 1, day or 1)
    except ValueError:
        return None
    last_month = month or 12
    last_day = day or calendar.monthrange(first.year, last_month)[1]
    return Interval(first, date(first.year, last_month, last_day))


_ORDERS: dict[Kind, Order] = {
    "number": Order(_number, float, float("-inf"), float("inf"), "a number", "500M, 7B or 1.5k"),
    "score": Order(
        _score, lambda found: round(found * 100, 2), float("-inf"), float("inf"), "a score", "0.8, 80 or 80%"
    ),
    "date": Order(
        _period,
        lambda found: found.date() if isinstance(found, datetime) else found,
        date.min,
        date.max,
        "a date",
        "2024, 2024-06 or 2024-06-30",
    ),
}
_EXAMPLES_WITH_UNIT = {"MB": "500MB or 2GB", _PERCENT: "0.9, 90 or 90%"}


def _read_ordered(field: Field, operator: str, value: Token) -> Reading:
    order = _ORDERS[field.kind]
    wanted = _interval(order, field, operator, value)
    compare = _COMPARISONS[operator]
    return Reading(lambda found: compare(order.place(found), wanted), value.text)


def _interval(order: Order, field: Field, operator: str, value: Token) -> Interval:
    low, is_range, high = value.text.partition(_RANGE)
    if not is_range:
        return _point(order, field, value, low)
    if operator not in EQUALITIES:
        raise value.error(f"A range has two ends already: write {field.name}:{value.text}.")
    if not low and not high:
        example = _examples(order, field).partition(" ")[0].strip(",")
        raise value.error(f"A range has at least one end: write {field.name}:{example}.. for {example} and above.")
    start = _point(order, field, value, low).low if low else order.lowest
    end = _point(order, field, value, high).high if high else order.highest
    if start > end:
        raise value.error(f"This range ends before it starts. Write {field.name}:{high}..{low}.")
    return Interval(start, end)


def _point(order: Order, field: Field, value: Token, text: str) -> Interval:
    if (point := order.point(text, field)) is not None:
        return point
    raise value.error(f"“{text}” is not {order.what}. Write it as in {_examples(order, field)}.")


def _examples(order: Order, field: Field) -> str:
    return _EXAMPLES_WITH_UNIT.get(field.unit, order.examples)


_READERS: dict[Kind, Callable[[Field, str, Token], Reading]] = {
    "text": _read_text,
    "texts": _read_text,
    "number": _read_ordered,
    "score": _read_ordered,
    "date": _read_ordered,
    "flag": _read_flag,
}
