"""mteb's statistics of a task's data, nested as its files have them, as tables to read.

The form is `{split: {fact: value, group: {fact: value}, "hf_subset_descriptive_stats": {subset: {...}}}}`, where a
group such as `queries_text_statistics` may be null and some facts count values (`labels`, `fps`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_BY_SUBSET = "hf_subset_descriptive_stats"
# What is counted value by value rather than said in one number; shown by how many values there are.
_COUNTED = frozenset({"fps", "resolutions", "sampling_rates"})
_GENERAL = "Size"


@dataclass(frozen=True)
class Fact:
    """A line of a table: what it is, and its value in each column, None where it has none."""

    label: str
    values: list[float | int | str | None]


@dataclass(frozen=True)
class FactGroup:
    label: str
    facts: list[Fact]


@dataclass(frozen=True)
class SubsetTable:
    """The facts of each subset of a split, side by side."""

    split: str
    labels: list[str]
    rows: list[Fact]


@dataclass(frozen=True)
class DataFacts:
    splits: list[str]
    groups: list[FactGroup]
    by_subset: list[SubsetTable]


def data_facts(stats: Mapping[str, Any] | None) -> DataFacts:
    """The statistics as a table of facts by split, and one of subsets for each split that has them."""
    splits = {split: facts for split, facts in (stats or {}).items() if isinstance(facts, dict)}
    flat = {split: dict(_facts(facts)) for split, facts in splits.items()}
    keys = list(dict.fromkeys(key for facts in flat.values() for key in facts))
    groups: dict[str, list[Fact]] = {}
    for group, name in keys:
        values = [facts.get((group, name)) for facts in flat.values()]
        groups.setdefault(group, []).append(Fact(words(name), values))
    return DataFacts(
        list(splits),
        [FactGroup(label, facts) for label, facts in groups.items()],
        [
            _subset_table(split, facts[_BY_SUBSET])
            for split, facts in splits.items()
            if isinstance(facts.get(_BY_SUBSET), dict)
        ],
    )


def _facts(facts: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str], float | int | str]]:
    """((group, name), value) of everything that is known."""
    for name, value in facts.items():
        if name == _BY_SUBSET:
            continue
        nested = isinstance(value, dict)
        group = words(name.removesuffix("_statistics")) if nested else _GENERAL
        items = value if nested else {name: value}
        for key, item in items.items():
            shown = _value(key, item)
            if shown is not None:
                yield (group, key), shown


def _value(name: str, value: Any) -> float | int | str | None:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (int, float, str)):
        return value
    if isinstance(value, list) and value and all(isinstance(item, (int, float)) for item in value):
        return " x ".join(f"{item:g}" for item in value)
    if isinstance(value, dict) and name in _COUNTED:
        return f"{len(value)} different"
    return None


def _subset_table(split: str, subsets: Mapping[str, Any]) -> SubsetTable:
    flat = {name: dict(_facts(facts)) for name, facts in subsets.items() if isinstance(facts, dict)}
    keys = [key for key in dict.fromkeys(key for facts in flat.values() for key in facts) if _is_telling(key)]
    labels = [words(name) if group == _GENERAL else f"{group}: {words(name).lower()}" for group, name in keys]
    return SubsetTable(split, labels, [Fact(name, [facts.get(key) for key in keys]) for name, facts in flat.items()])


def _is_telling(key: tuple[str, str]) -> bool:
    """Beside each other subsets show sizes and averages; totals and extremes would make the table too wide."""
    group, name = key
    return group == _GENERAL or name.startswith("average")


def words(name: str) -> str:
    """`average_text_length` -> Average text length."""
    return name.replace("_", " ").replace("num ", "number of ").strip().capitalize()


def number_text(value: float | int | str | None) -> str:
    """Counts with separators, averages with two decimals."""
    if value is None:
        return ""
    if isinstance(value, float) and not value.is_integer():
        return f"{value:,.2f}"
    return value if isinstance(value, str) else f"{int(value):,}"


def sample_count(stats: Mapping[str, Any] | None, splits: Sequence[str]) -> int | None:
    """Samples in these splits together; None where a split does not say."""
    counts = [facts.get("num_samples") for split in splits if isinstance(facts := (stats or {}).get(split), dict)]
    known = [count for count in counts if isinstance(count, int)]
    return sum(known) if known and len(known) == len(splits) else None
