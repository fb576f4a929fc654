"""What the filters of a board have to offer: the values of each facet, with counts under all other filters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from leaderboard.above_random import RANDOM_ENCODER
from leaderboard.board_query import MODEL_FACETS, RANGES, TASK_FACETS, UNKNOWN, BoardQuery, Range, bound_text
from leaderboard.cube import Cube
from leaderboard.memory import Kept
from leaderboard.models import Script
from leaderboard.selectors.languages import language_names
from leaderboard.selectors.narrowing import Narrowing
from leaderboard.selectors.versions import data_version
from leaderboard.task_types import type_label
from leaderboard.verification import LEVEL_LABELS
from leaderboard.wording import license_text

SHOWN = 10
LABELS: Mapping[str, Mapping[str, str]] = {
    "verified": LEVEL_LABELS,
    "commercial": {"yes": "allowed", "no": "not allowed"},
}


@dataclass(frozen=True)
class Option:
    """A value of a facet; `count` is how many tasks or models it would leave."""

    value: str
    label: str
    count: int
    chosen: bool


@dataclass(frozen=True)
class Facet:
    """`shown` are the chosen values and the most frequent others; `more` are all others, to be typed."""

    name: str
    label: str
    shown: list[Option]
    more: list[Option]
    n_chosen: int


@dataclass(frozen=True)
class RangeFacet:
    name: str
    label: str
    low: str
    high: str
    unknown: bool
    n_unknown: int
    is_set: bool
    is_date: bool


@dataclass(frozen=True)
class Facets:
    tasks: list[Facet]
    models: list[Facet]
    ranges: list[RangeFacet]
    n_measured: int
    has_variants: bool
    has_above_random: bool


def board_facets(cube: Cube, query: BoardQuery) -> Facets:
    """Values that nothing has are not offered, and neither is a facet with one value, unless it was chosen."""
    board = Narrowing(cube, query)
    ranked = np.zeros(len(cube.rows), dtype=bool)
    if board.everybody:
        ranked[board.everybody.rows] = True
    among = ranked & board.beyond_facets
    return Facets(
        tasks=_offered(
            _facet(name, label, board.tasks.counts(name), query.choices.get(name, ()))
            for name, label in TASK_FACETS.items()
        ),
        models=_offered(
            _facet(name, label, board.models.counts(name, among), query.choices.get(name, ()))
            for name, label in MODEL_FACETS.items()
        ),
        ranges=[_range(name, label, query, board.models.n_unknown(name, among)) for name, label in RANGES.items()],
        n_measured=int((among & board.models.rows & board.measured).sum()),
        has_variants=board.has_variants,
        has_above_random=any(board.facts[row].name == RANDOM_ENCODER for row in np.flatnonzero(ranked)),
    )


def _offered(facets: Iterable[Facet]) -> list[Facet]:
    return [facet for facet in facets if facet.n_chosen or len(facet.shown) > 1]


def _facet(name: str, label: str, counts: Counter[str], chosen: tuple[str, ...]) -> Facet:
    folded = {value.lower() for value in chosen}
    found = {value for value in counts if value.lower() in folded}
    missing = [value for value in chosen if value.lower() not in {of.lower() for of in found}]
    by_count = sorted(counts, key=lambda value: (value == UNKNOWN, -counts[value], value.lower()))
    first = [*(value for value in by_count if value in found), *missing]
    others = [value for value in by_count if value not in found]
    label_of = _reading(name)
    options = [Option(value, label_of(value), counts[value], chosen=True) for value in first]
    rest = [Option(value, label_of(value), counts[value], chosen=False) for value in others]
    room = max(SHOWN - len(options), 4)
    # A list that is nearly shown is shown whole.
    room = len(rest) if len(rest) <= room + 2 else room
    return Facet(name, label, options + rest[:room], rest[room:], len(chosen))


def value_label(name: str, value: str) -> str:
    """How a value of a facet reads."""
    return _reading(name)(value)


def _reading(name: str) -> Callable[[str], str]:
    if name == "type":
        return type_label
    if name == "license":
        return license_text
    labels = _labels(name)
    return lambda value: labels.get(value, value)


def _labels(name: str) -> Mapping[str, str]:
    if name in {"lang", "speaks"}:
        return language_names()
    if name == "script":
        return script_names()
    return LABELS.get(name, {})


def script_names() -> dict[str, str]:
    return _scripts.get(data_version(), lambda: dict(Script.objects.values_list("code", "short_name")))


_scripts: Kept[dict[str, str]] = Kept(1)


def _range(name: str, label: str, query: BoardQuery, n_unknown: int) -> RangeFacet:
    of = query.ranges.get(name, Range())
    return RangeFacet(
        name,
        label,
        bound_text(of.low),
        bound_text(of.high),
        of.unknown,
        n_unknown,
        is_set=name in query.ranges,
        is_date=name == "released",
    )
