"""Charts of what architecture families and training approaches reach."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from statistics import median

from leaderboard.charts.base import Axis, Chart, Drawing, FactRow, FactTable, Kind, Look, Scale, Series
from leaderboard.charts.rows import ChartRows, ScoredRow
from leaderboard.selectors.model_facts import ModelFacts
from leaderboard.tables.cells import score_text
from leaderboard.wording import counted

MOST_GROUPS = 15
"""Groups that are drawn; the table has all."""
UNKNOWN = "unknown"
_CAUTION = "Groups differ in size, age and training data too, so a higher score is not the effect of the group alone."


@dataclass(frozen=True)
class Group:
    """The rows of one family or approach; `best` is the first of the highest."""

    name: str
    rows: list[ScoredRow]

    @property
    def best(self) -> ScoredRow:
        return max(self.rows, key=lambda row: row.score)

    @property
    def median(self) -> float:
        return median(row.score for row in self.rows)


def architecture_chart(rows: ChartRows) -> Chart:
    return _chart(
        rows,
        "architectures",
        "Score by architecture family",
        "architecture",
        lambda facts: [facts.architecture or UNKNOWN],
    )


def approach_chart(rows: ChartRows) -> Chart:
    """A model counts in each of its approaches."""
    return _chart(
        rows,
        "approaches",
        "Score by training approach",
        "training approach",
        lambda facts: facts.training_approach or [UNKNOWN],
        "A model with several approaches counts in each of them. ",
    )


def grouped(rows: Iterable[ScoredRow], names: Callable[[ModelFacts], Iterable[str]]) -> list[Group]:
    """The group with the highest best score first, unknown last."""
    found: dict[str, list[ScoredRow]] = defaultdict(list)
    for row in rows:
        for name in names(row.facts):
            found[name].append(row)
    groups = [Group(name, members) for name, members in found.items()]
    return sorted(groups, key=lambda group: (group.name == UNKNOWN, -group.best.score, group.name))


def _chart(
    rows: ChartRows, key: str, title: str, what: str, names: Callable[[ModelFacts], Iterable[str]], rule: str = ""
) -> Chart:
    groups = grouped(rows.rows, names)
    known = [group for group in groups if group.name != UNKNOWN]
    n_unknown = sum(len(group.rows) for group in groups if group.name == UNKNOWN)
    unknown = f" The {what} of {counted(n_unknown, 'model')} is unknown." if n_unknown else ""
    if not known:
        return Chart(key, title, f"No model of this view has a score and a known {what}.{unknown}")
    parts = [
        f"{group.name} ({score_text(group.best.score)}, {counted(len(group.rows), 'model')})" for group in known[:3]
    ]
    return Chart(
        key,
        title,
        f"By the best model of each {what}: {', '.join(parts)}.{unknown} {_CAUTION}",
        f"The bar goes from the median to the best model of the group. {rule}{_drawn(groups)}{rows.caveat}",
        _drawing([*known[: MOST_GROUPS - 1], *groups[len(known) :]], rows.mean),
        _table(groups, what),
    )


def _drawn(groups: list[Group]) -> str:
    return (
        f"The chart shows {MOST_GROUPS} of {len(groups)} groups, the table all. " if len(groups) > MOST_GROUPS else ""
    )


def _drawing(groups: list[Group], mean: str) -> Drawing:
    best = [round(group.best.score * 100, 4) for group in groups]
    medians = [round(group.median * 100, 4) for group in groups]
    notes = [group.best.short_name for group in groups]
    series = [
        Series("Median to best", list(zip(medians, best, strict=True)), Look.RANGE),
        Series("Best model", [{"value": of, "note": note} for of, note in zip(best, notes, strict=True)]),
        Series("Median", [{"value": of} for of in medians]),
    ]
    labels = [f"{group.name} ({len(group.rows)})" for group in groups]
    return Drawing(Kind.RANGES, series, Axis(mean), Axis(scale=Scale.CATEGORY), labels)


def _table(groups: list[Group], what: str) -> FactTable:
    rows = [
        FactRow(
            group.name,
            [f"{len(group.rows):,}", score_text(group.best.score), score_text(group.median), group.best.name],
        )
        for group in groups
    ]
    return FactTable(
        f"Scores by {what}", [what.capitalize(), "Models", "Best score", "Median score", "Best model"], rows
    )
