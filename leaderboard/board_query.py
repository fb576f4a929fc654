"""What an address asks of a board: which tasks, which models, ranked how.

Values of one facet are alternatives, facets narrow each other, and a facet without values leaves everything in. The
same query always has the same address.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from functools import cached_property
from typing import TypeVar

from leaderboard.methods import Method

E = TypeVar("E", bound=StrEnum)
UNKNOWN = "unknown"
RANGE = ".."
MAX_TEXT = 500
MAX_VALUES = 300
_UNITS = {"": 1, "k": 10**3, "m": 10**6, "b": 10**9}
_NUMBER = re.compile(r"(\d+(?:\.\d+)?)\s*([kmb]?)", re.IGNORECASE)
_DAY = re.compile(r"(\d{4})(?:-(\d{2}))?(?:-(\d{2}))?")

# Facets whose values are names, with the label of each, in the order of the page.
TASK_FACETS = {
    "type": "Task type",
    "subtype": "Subtype",
    "domain": "Domain",
    "modality": "Modality",
    "lang": "Language",
    "script": "Script",
    "access": "Access",
    "task": "Task",
}
MODEL_FACETS = {
    "weights": "Weights",
    "license": "Licence",
    "commercial": "Commercial use",
    "model_type": "Model type",
    "framework": "Framework",
    "instructions": "Uses instructions",
    "arch": "Architecture",
    "approach": "Training approach",
    "speaks": "Language of the model",
    "org": "Organisation",
    "verified": "Verified",
}
RANGES = {"size": "Parameters", "dim": "Dimensions", "tokens": "Max tokens", "released": "Released"}


class ZeroShot(StrEnum):
    """Which models stay, by what is known of their training data."""

    ALL = "all"
    KNOWN = "known"
    ONLY = "only"


@dataclass(frozen=True, slots=True)
class Range:
    """From `low` to `high`, ends included and None where open; `unknown` lets models without the value in."""

    low: float | date | None = None
    high: float | date | None = None
    unknown: bool = False

    def admits(self, value: float | date | None) -> bool:
        if value is None:
            return self.unknown
        above = self.low is None or value >= self.low  # type: ignore[operator]
        return above and (self.high is None or value <= self.high)  # type: ignore[operator]


@dataclass(frozen=True)
class BoardQuery:
    """`choices` are values by facet. `problems` say in sentences what of the address could not be understood."""

    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    ranges: Mapping[str, Range] = field(default_factory=dict)
    zero_shot: ZeroShot = ZeroShot.ALL
    complete: bool = False
    measured: bool = False
    best_variants: bool = False
    text: str = ""
    method: Method = Method.OFFICIAL
    lenient: bool = False
    stratified: bool = False
    metric: str = ""
    problems: tuple[str, ...] = field(default=(), compare=False)

    @property
    def narrows_tasks(self) -> bool:
        return any(name in TASK_FACETS for name in self.choices)

    @property
    def narrows_models(self) -> bool:
        by_facet = any(name in MODEL_FACETS for name in self.choices)
        asked = self.complete, self.measured, self.best_variants, self.text, self.zero_shot is not ZeroShot.ALL
        return by_facet or bool(self.ranges) or any(asked)

    @property
    def is_plain(self) -> bool:
        """Whether the board is asked for as it stands."""
        return not self.pairs

    @property
    def n_filters(self) -> int:
        """How many facets narrow the board."""
        return len([name for name, _ in self.pairs if name not in {"method", "means", "strata", "metric"}])

    @cached_property
    def pairs(self) -> list[tuple[str, str]]:
        """The parameters of the address, in one order; nothing for what is as usual."""
        pairs = [(name, ",".join(self.choices[name])) for name in _FACETS if name in self.choices]
        pairs += [(name, range_text(self.ranges[name])) for name in RANGES if name in self.ranges]
        flags = {
            "zero_shot": "" if self.zero_shot is ZeroShot.ALL else self.zero_shot,
            "complete": "1" if self.complete else "",
            "measured": "1" if self.measured else "",
            "variants": "best" if self.best_variants else "",
            "q": self.text,
            "method": "" if self.method is Method.OFFICIAL else self.method,
            "means": "lenient" if self.lenient else "",
            "strata": "1" if self.stratified else "",
            "metric": self.metric,
        }
        return pairs + [(name, str(value)) for name, value in flags.items() if value]

    @property
    def key(self) -> tuple[tuple[str, str], ...]:
        return tuple(self.pairs)

    def without(self, name: str, value: str | None = None) -> BoardQuery:
        """The query without a facet, or without one value of it."""
        if name in self.choices:
            left = tuple(one for one in self.choices[name] if value is not None and one != value)
            return replace(self, choices=_with(self.choices, name, left))
        if name in self.ranges:
            return replace(self, ranges={key: of for key, of in self.ranges.items() if key != name})
        defaults = BoardQuery()
        plain = {"q": "text", "means": "lenient", "strata": "stratified", "variants": "best_variants"}.get(name, name)
        return replace(self, **{plain: getattr(defaults, plain)})


_FACETS = {**TASK_FACETS, **MODEL_FACETS}
PARAMETERS = frozenset(
    [
        *_FACETS,
        *RANGES,
        *(f"{name}_{end}" for name in RANGES for end in ("min", "max", UNKNOWN)),
        *("zero_shot", "complete", "measured", "variants", "q", "method", "means", "strata", "metric"),
    ]
)
"""Every parameter that `parse` reads."""


def _with(choices: Mapping[str, tuple[str, ...]], name: str, values: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    changed = {**choices, name: values}
    return {key: of for key, of in changed.items() if of}


def parse(parameters: Mapping[str, Sequence[str]]) -> BoardQuery:
    """The query of an address; parameters of others are left alone.

    A facet's values may stand in one parameter with commas between them, as in addresses, or in several of the same
    name, as forms send them. Ranges are `low..high`, with `,unknown` behind; forms send `_min`, `_max` and `_unknown`.
    """
    problems: list[str] = []
    choices = {name: _values(parameters.get(name, ())) for name in _FACETS}
    return BoardQuery(
        choices={name: values for name, values in choices.items() if values},
        ranges=_ranges(parameters, problems),
        zero_shot=_member(ZeroShot, _last(parameters, "zero_shot"), ZeroShot.ALL, problems),
        complete=_last(parameters, "complete") == "1",
        measured=_last(parameters, "measured") == "1",
        best_variants=_last(parameters, "variants") == "best",
        text=_text(_last(parameters, "q"), problems),
        method=_member(Method, _last(parameters, "method"), Method.OFFICIAL, problems),
        lenient=_last(parameters, "means") == "lenient",
        stratified=_last(parameters, "strata") == "1",
        metric=_last(parameters, "metric")[:100],
        problems=tuple(problems),
    )


def _last(parameters: Mapping[str, Sequence[str]], name: str) -> str:
    values = parameters.get(name) or [""]
    return values[-1].replace("\0", "").strip()


def _values(given: Iterable[str]) -> tuple[str, ...]:
    """Each value once, sorted, so that the same choice has one address."""
    parts = (part.strip() for text in given for part in text.replace("\0", "").split(","))
    return tuple(sorted({part[:200] for part in parts if part})[:MAX_VALUES])


def _text(text: str, problems: list[str]) -> str:
    if len(text) > MAX_TEXT:
        problems.append(f"The query is longer than {MAX_TEXT} characters; the rest was left out.")
    return text[:MAX_TEXT]


def _member(kind: type[E], value: str, default: E, problems: list[str]) -> E:
    if not value:
        return default
    if value in set(kind):
        return kind(value)
    problems.append(f"There is no {kind.__name__.lower()} {value[:40]!r}: choose {', '.join(kind)}.")
    return default


def _ranges(parameters: Mapping[str, Sequence[str]], problems: list[str]) -> dict[str, Range]:
    ranges = {}
    for name, label in RANGES.items():
        whole = _last(parameters, name)
        low, high = _last(parameters, f"{name}_min"), _last(parameters, f"{name}_max")
        unknown = _last(parameters, f"{name}_{UNKNOWN}") == "1"
        if whole:
            bounds, _, rest = whole.partition(",")
            low, separator, high = bounds.partition(RANGE)
            high = high if separator else low
            unknown = rest == UNKNOWN
        try:
            found = _range(name, low, high, unknown=unknown)
        except ValueError:
            example = "2024-01..2025-06" if name == "released" else "100M..1B"
            problems.append(f"{label}: {f'{low}{RANGE}{high}'[:60]!r} is no range; write it like {example}.")
            continue
        if found != Range(unknown=unknown):
            ranges[name] = found
    return ranges


def _range(name: str, low: str, high: str, *, unknown: bool) -> Range:
    """Raises ValueError for text that is no bound, or bounds the wrong way round."""
    if name == "released":
        found = Range(_day(low, last=False), _day(high, last=True), unknown)
    else:
        found = Range(_number(low), _number(high), unknown)
    if found.low is not None and found.high is not None and found.low > found.high:  # type: ignore[operator]
        raise ValueError
    return found


def _number(text: str) -> float | None:
    if not text.strip():
        return None
    match = _NUMBER.fullmatch(text.strip())
    if not match or len(text) > 20:
        raise ValueError
    return float(match[1]) * _UNITS[match[2].lower()]


def _day(text: str, *, last: bool) -> date | None:
    """A day, or the first or last one of a month or year."""
    if not text.strip():
        return None
    match = _DAY.fullmatch(text.strip())
    if not match:
        raise ValueError
    year, month, day = (int(part) if part else None for part in match.groups())
    if day:
        return date(year or 0, month or 0, day)
    if not last:
        return date(year or 0, month or 1, 1)
    month = month or 12
    following = date((year or 0) + month // 12, month % 12 + 1, 1)
    return date.fromordinal(following.toordinal() - 1)


def range_text(of: Range) -> str:
    """As it stands in an address: `100M..1B,unknown`."""
    return f"{bound_text(of.low)}{RANGE}{bound_text(of.high)}{f',{UNKNOWN}' if of.unknown else ''}"


def bound_text(value: float | date | None) -> str:
    if value is None:
        return ""
    if isinstance(value, date):
        return value.isoformat()
    for letter in ("b", "m", "k"):
        if value >= _UNITS[letter] and value % (_UNITS[letter] / 10) == 0:
            return f"{value / _UNITS[letter]:.15g}{letter.upper()}"
    return f"{value:.15g}"
