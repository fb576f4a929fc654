"""Comparing two boards number by number: the official tables on one side, ours on the other."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

TOLERANCE = 1e-9
_EXACT = ("rank", "borda_rank", "zero_shot")
_MEANS = ("mean_task", "mean_task_type", "mean_subset", "mean_public", "mean_private")

Row = Mapping[str, Any]


def differences(official: Mapping[str, Sequence[Row]], ours: Mapping[str, Sequence[Row]]) -> Iterator[str]:
    """One sentence for each difference between two sets of tables ("summary", "per_task", "per_language")."""
    yield from _summary(official["summary"], ours["summary"])
    yield from _score_table("per-task table", official["per_task"], ours["per_task"])
    yield from _score_table("per-language table", official["per_language"], ours["per_language"])


def _summary(official: Sequence[Row], ours: Sequence[Row]) -> Iterator[str]:
    yield from _same_rows("summary", official, ours)
    if [_key(row) for row in official] != [_key(row) for row in ours]:
        yield "summary: the rows stand in another order"
    by_key = {_key(row): row for row in ours}
    for row in official:
        mine = by_key.get(_key(row))
        if mine is None:
            continue
        for field in _EXACT:
            if row[field] != mine[field]:
                yield f"{_name(row)}: {field} is {mine[field]}, officially {row[field]}"
        for field in _MEANS:
            yield from _number(f"{_name(row)}: {field}", row[field], mine[field])
        yield from _numbers(f"{_name(row)}: task type", row["task_types"], mine["task_types"])
        yield from _same_names(f"{_name(row)}: groups", row["groups"], mine["groups"])
        for dimension in row["groups"].keys() & mine["groups"].keys():
            yield from _numbers(f"{_name(row)}: {dimension}", row["groups"][dimension], mine["groups"][dimension])


def _score_table(title: str, official: Sequence[Row], ours: Sequence[Row]) -> Iterator[str]:
    yield from _same_rows(title, official, ours)
    by_key = {_key(row): row for row in ours}
    for row in official:
        if _key(row) in by_key:
            yield from _numbers(f"{title}, {_name(row)}", row["scores"], by_key[_key(row)]["scores"])


def _same_rows(title: str, official: Sequence[Row], ours: Sequence[Row]) -> Iterator[str]:
    theirs, mine = {_key(row) for row in official}, {_key(row) for row in ours}
    for key in sorted(theirs - mine):
        yield f"{title}: {' '.join(key).strip()} is missing"
    for key in sorted(mine - theirs):
        yield f"{title}: {' '.join(key).strip()} is not on the official board"
    if len(official) != len(theirs) or len(ours) != len(mine):
        yield f"{title}: a row stands twice ({len(official)} rows officially, {len(ours)} here)"


def _numbers(title: str, official: Mapping[str, float | None], ours: Mapping[str, float | None]) -> Iterator[str]:
    yield from _same_names(title, official, ours)
    for name in official.keys() & ours.keys():
        yield from _number(f"{title} {name}", official[name], ours[name])


def _same_names(title: str, official: Mapping[str, Any], ours: Mapping[str, Any]) -> Iterator[str]:
    if official.keys() != ours.keys():
        yield f"{title}: columns differ: {sorted(official.keys() ^ ours.keys())}"


def _number(title: str, official: float | None, ours: float | None) -> Iterator[str]:
    blank = official is None or math.isnan(official)
    if blank != (ours is None) or (ours is not None and official is not None and abs(official - ours) > TOLERANCE):
        yield f"{title} is {_shown(ours)}, officially {_shown(official)}"


def _shown(value: float | None) -> str:
    return "blank" if value is None else repr(value)


def _key(row: Row) -> tuple[str, str]:
    return row["model"], row.get("variant", "")


def _name(row: Row) -> str:
    return " ".join(_key(row)).strip()
