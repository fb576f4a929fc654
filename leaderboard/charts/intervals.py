"""The chart of how sure the first ranks are."""

from __future__ import annotations

from itertools import pairwise

from leaderboard.charts.base import Axis, Chart, Drawing, FactRow, FactTable, Kind, Look, Scale, Series
from leaderboard.selectors.standings import Standings
from leaderboard.tables.cells import DASH
from leaderboard.wording import counted

FIRST = 30
"""Rows from the top that are shown."""


def rank_chart(standings: Standings) -> Chart:
    """The 95 % interval of each rank over draws of tasks."""
    title, key = "Rank intervals", "ranks"
    first = standings.records(range(min(FIRST, len(standings))))
    rows = [(record.position, record.rank, record.rank_low, record.rank_high) for record in first]
    rows = [row for row in rows if row[1] and row[2]]
    if not rows:
        return Chart(key, title, "There are no intervals: they come from drawing tasks, and this view has too few.")
    overlapping = sum(after[2] <= before[3] for before, after in pairwise(rows))
    names = [_name(standings, place) for place, *_ in rows]
    shorts = [" ".join(filter(None, [name.rpartition("/")[2], experiment])) for name, experiment in names]
    series = [
        Series("95 % interval", [(low, high) for _, _, low, high in rows], Look.RANGE),
        Series("Rank", [{"value": rank} for _, rank, _, _ in rows]),
    ]
    facts = [
        FactRow(name, [str(rank), f"{low}{DASH}{high}"], model=name, variant=experiment)
        for (name, experiment), (_, rank, low, high) in zip(names, rows, strict=True)
    ]
    return Chart(
        key,
        title,
        _sentence(rows, shorts, overlapping),
        "Each interval holds 95 % of the ranks that the model gets when the tasks are drawn anew. Where intervals "
        "overlap, other tasks of the same kinds could turn the order round.",
        Drawing(Kind.RANGES, series, Axis("Rank", Scale.RANK), Axis(scale=Scale.CATEGORY), shorts),
        FactTable(
            f"Ranks and their 95 % intervals of the first {len(rows)}", ["Model", "Rank", "95 % interval"], facts
        ),
    )


def _sentence(rows: list[tuple[int, int, int, int]], names: list[str], overlapping: int) -> str:
    _, _, low, high = rows[0]
    first = f"{names[0]} is first; its rank lies between {low} and {high}."
    if len(rows) == 1:
        return first
    return (
        f"{first} Of the {counted(len(rows) - 1, 'pair')} of neighbours among the first {len(rows)}, "
        f"{overlapping} {'has' if overlapping == 1 else 'have'} overlapping 95 % intervals."
    )


def _name(standings: Standings, place: int) -> tuple[str, str]:
    return standings.facts[place].name, standings.rows[place].experiment_id
