"""Charts of the score against something else: size, time, measured speed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import sqrt
from typing import Any

from leaderboard.charts.base import Axis, Chart, Drawing, FactRow, FactTable, Kind, Look, Scale, Series
from leaderboard.charts.rows import ChartRows, ScoredRow
from leaderboard.pareto import pareto_front, records
from leaderboard.selectors.measurements import Speed
from leaderboard.tables.cells import DASH, date_text, quantity_text, score_text
from leaderboard.wording import counted

FIRST = 20
"""Rows of a table beside those that the chart marks."""
_SMALLEST, _LARGEST, _LARGEST_DIMENSION = 3.0, 11.0, 4096  # Radius of a bubble in pixels, and what the largest is for.
_UNKNOWN = "unknown"


@dataclass(frozen=True)
class Placed:
    """A row on a chart: where it stands on the x axis, as a number or an ISO day, and how that reads."""

    row: ScoredRow
    x: Any
    text: str
    more: str = ""
    radius: float | None = None

    @property
    def point(self) -> dict[str, Any]:
        values = [score_text(self.row.score), self.text, self.more]
        point = {
            "x": self.x,
            "y": round(self.row.score * 100, 4),
            "name": self.row.name,
            "short": self.row.short_name,
            "note": " · ".join(filter(None, values)),
            "url": self.row.address,
        }
        return point if self.radius is None else {**point, "r": round(self.radius, 1)}


def size_chart(rows: ChartRows) -> Chart:
    """Bubbles by number of parameters, with the front of models that nothing smaller or equal in size beats."""
    known = [
        Placed(
            row,
            row.facts.n_parameters,
            f"{quantity_text(row.facts.n_parameters)} parameters",
            f"{row.facts.embed_dim:,} dimensions" if row.facts.embed_dim else "dimensions unknown",
            _radius(row.facts.embed_dim),
        )
        for row in rows.rows
        if row.facts.n_parameters
    ]
    front = [known[i] for i in pareto_front([(float(one.x), one.row.score) for one in known])]
    title, key = "Score against size", "size"
    if not known:
        return Chart(key, title, _nothing(rows, "a known number of parameters"))
    return Chart(
        key,
        title,
        f"Of {counted(len(known), 'model')} with known size, {_are(len(front))} on the front: nothing as small or "
        f"smaller scores as high.{_unplaced(rows, known, 'size')} {_by_size(front)}",
        f"Larger bubbles have more dimensions. {rows.caveat}",
        _drawing(known, front, rows, Axis("Parameters", Scale.LOGARITHMIC), "Front"),
        _table(
            f"Models on the front, and the first {FIRST}",
            ["Model", "Score", "Parameters", "Dimensions", "On the front"],
            known,
            front,
            lambda one: [
                quantity_text(one.row.facts.n_parameters or 0),
                f"{one.row.facts.embed_dim:,}" if one.row.facts.embed_dim else _UNKNOWN,
            ],
        ),
    )


def time_chart(rows: ChartRows) -> Chart:
    """By day of release, with the best score so far as steps."""
    known = [
        Placed(row, day.isoformat(), f"released {date_text(day)}")
        for row in rows.rows
        if (day := row.facts.release_date)
    ]
    days = [(date.fromisoformat(one.x), one.row.score) for one in known]
    best = [known[i] for i in records(days)]
    title, key = "Score over time", "time"
    if not known:
        return Chart(key, title, _nothing(rows, "a known day of release"))
    first, last = best[0], best[-1]
    rise = (
        f"The best score rose from {score_text(first.row.score)} ({first.row.short_name}, {first.x}) to "
        f"{score_text(last.row.score)} ({last.row.short_name}, {last.x}) in {counted(len(best) - 1, 'step')}."
        if len(best) > 1
        else f"The first model is still the best: {first.row.short_name} ({first.x}), {score_text(first.row.score)}."
    )
    return Chart(
        key,
        title,
        f"{rise}{_unplaced(rows, known, 'day of release')}",
        f"The line is the best score of all models released so far. {rows.caveat}",
        _drawing(known, best, rows, Axis("Released", Scale.TIME), "Best so far"),
        _table(
            f"Models that were the best when they came, and the first {FIRST}",
            ["Model", "Score", "Released", "Best when it came"],
            known,
            best,
            lambda one: [date_text(one.row.facts.release_date)],
        ),
    )


def speed_chart(rows: ChartRows, speeds: Mapping[int, Speed]) -> Chart | None:
    """By texts per second as measured here; None where no model at all was measured."""
    if not speeds:
        return None
    known = [
        Placed(row, round(speed.texts_per_second, 3), f"{_rate(speed.texts_per_second)} texts per second")
        for row in rows.rows
        if not row.experiment_id and (speed := speeds.get(row.facts.id))
    ]
    title, key = "Score against measured speed", "speed"
    if not known:
        return Chart(key, title, _nothing(rows, "a speed measured here"))
    front = [known[i] for i in pareto_front([(-one.x, one.row.score) for one in known])]
    hardware = next(iter(speeds.values())).hardware
    fastest = max(known, key=lambda one: (one.x, one.row.score))
    return Chart(
        key,
        title,
        f"Of {counted(len(known), 'model')} measured here, {_are(len(front))} on the front: nothing as fast or faster "
        f"scores as high. The fastest is {fastest.row.short_name} with {fastest.text}.",
        f"All were measured on {hardware}. {rows.caveat}",
        _drawing(known, front, rows, Axis("Texts per second", Scale.LOGARITHMIC), "Front"),
        _table(
            f"Models on the front, and the first {FIRST}",
            ["Model", "Score", "Texts per second", "On the front"],
            known,
            front,
            lambda one: [_rate(one.x)],
        ),
    )


def _drawing(known: Sequence[Placed], marked: Sequence[Placed], rows: ChartRows, axis: Axis, name: str) -> Drawing:
    places = {one.row.place for one in marked}
    rest = [one.point for one in known if one.row.place not in places]
    series = [Series("Models", rest), Series(name, [one.point for one in marked], Look.STEPS)]
    return Drawing(Kind.POINTS, series, axis, Axis(rows.mean))


def _table(
    caption: str,
    head: Sequence[str],
    known: Sequence[Placed],
    marked: Sequence[Placed],
    values: Callable[[Placed], list[str]],
) -> FactTable:
    """The marked rows and the best others, the best score first."""
    places = {one.row.place for one in marked}
    best = sorted(known, key=lambda one: -one.row.score)
    listed = [one for number, one in enumerate(best) if number < FIRST or one.row.place in places]
    rows = [
        fact_row(one.row, [score_text(one.row.score), *values(one), _mark(one.row.place, places)]) for one in listed
    ]
    return FactTable(caption, head, rows)


def fact_row(row: ScoredRow, values: Sequence[str]) -> FactRow:
    return FactRow(row.facts.name, values, model=row.facts.name, variant=row.experiment_id)


def _mark(place: int, places: Collection[int]) -> str:
    return "yes" if place in places else DASH


def _radius(dimension: int | None) -> float:
    """The area grows with the number of dimensions."""
    share = sqrt(min(dimension or 0, _LARGEST_DIMENSION) / _LARGEST_DIMENSION)
    return max(_SMALLEST, _LARGEST * share)


def _rate(rate: float) -> str:
    return f"{rate:,.0f}" if rate >= 10 else f"{rate:.2f}"


def _are(number: int) -> str:
    return f"{number:,} {'is' if number == 1 else 'are'}"


def _unplaced(rows: ChartRows, known: Sequence[Placed], what: str) -> str:
    n = len(rows.rows) - len(known)
    return f" {counted(n, 'model')} of unknown {what} {'is' if n == 1 else 'are'} not shown." if n else ""


def _nothing(rows: ChartRows, what: str) -> str:
    if not rows.rows:
        return f"No model of this view has the score that the chart needs. {rows.caveat}"
    return f"No model of this view has {what}."


def _by_size(front: Sequence[Placed]) -> str:
    """The best of the small ones, by the limits that people ask for."""
    limits = ((100_000_000, "100M"), (1_000_000_000, "1B"))
    found: list[tuple[Placed, str]] = []
    for limit, text in limits:
        below = [one for one in front if one.x < limit]
        if below and below[-1] not in [one for one, _ in found]:
            found.append((below[-1], text))
    parts = [f"below {text} parameters {one.row.short_name} ({score_text(one.row.score)})" for one, text in found]
    best = front[-1].row
    parts.append(f"of any size {best.short_name} ({score_text(best.score)})")
    return f"The best: {', '.join(parts)}."
