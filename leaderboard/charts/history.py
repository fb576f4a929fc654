"""Charts of ranks over time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from leaderboard.charts.base import Axis, Chart, Drawing, Kind, Look, Scale, Series
from leaderboard.selectors.history import Place, RankHistory, TopHistory

RANKS = "ranks"


def top_ranks_chart(top: TopHistory) -> Chart | None:
    """How the rows that lead a board now came there; None where the board has changed on one day only."""
    if len(top.days) < 2 or not top.series:
        return None
    lines = [(_row_name(of.model_name, of.experiment_id), of.places) for of in top.series]
    first = top.series[0]
    then = first.places[0]
    return Chart(
        RANKS,
        "Ranks over time",
        f"{lines[0][0]} is first now; on {then.since}, when it came, it had rank {then.rank}.",
        "The table has the same ranks by day.",
        _drawing(lines, top.days[-1]),
    )


def model_ranks_chart(histories: Sequence[RankHistory]) -> Chart | None:
    """The ranks of one model on one board, a line for each variant; None where nothing has changed."""
    if sum(len(of.places) for of in histories) < 2:
        return None
    lines = [(of.experiment_id or "Rank", of.places) for of in histories]
    last = max(place.until or place.since for of in histories for place in of.places)
    best = min((of.best for of in histories), key=lambda place: place.rank)
    return Chart(
        RANKS,
        "Ranks over time",
        f"The best rank was {best.rank}, held from {best.since}.",
        "The table has the same ranks.",
        _drawing(lines, last),
    )


def _drawing(lines: Sequence[tuple[str, Sequence[Place]]], last: date) -> Drawing:
    series = [Series(name, _points(places, last), Look.STEPS) for name, places in lines]
    return Drawing(Kind.LINES, series, Axis(scale=Scale.TIME), Axis("Rank", Scale.RANK))


def _points(places: Sequence[Place], last: date) -> list[dict[str, Any]]:
    """Where the rank was taken up, and where it ended without another: there the line breaks."""
    points: list[dict[str, Any]] = []
    for number, place in enumerate(places):
        following = places[number + 1].since if number + 1 < len(places) else None
        points.append({"x": place.since.isoformat(), "y": place.rank})
        end = place.until or last
        if end != following and end > place.since:
            points.append({"x": end.isoformat(), "y": place.rank})
        if place.until and place.until != following:
            points.append({"x": place.until.isoformat(), "y": None})
    return points


def _row_name(model_name: str, experiment_id: str) -> str:
    return " ".join(filter(None, [model_name.rpartition("/")[2], experiment_id]))
