"""A histogram as shapes in percent of the drawing's size, for inline SVG."""

from __future__ import annotations

from dataclasses import dataclass

from leaderboard.task_statistics import Distribution, Histogram, axis_ticks

_GAP = 0.12  # Of a bar's width, between bars.
_HEADROOM = 6.0  # Percent of the height above the highest bar.


@dataclass(frozen=True)
class Bar:
    """`x`, `y`, `width` and `height` in percent; `low` and `high` are the ends of the bin."""

    x: float
    y: float
    width: float
    height: float
    low: float
    high: float
    count: int


@dataclass(frozen=True)
class Tick:
    x: float
    value: float


@dataclass(frozen=True)
class HistogramChart:
    """`median`, and the middle half from `quartile` over `middle_width`, are places on the axis in percent."""

    bars: list[Bar]
    ticks: list[Tick]
    median: float
    quartile: float
    middle_width: float


def histogram_chart(histogram: Histogram, distribution: Distribution) -> HistogramChart:
    """The bars of a histogram that has at least one, with the median and the middle half of the scores."""
    low, high = histogram.edges[0], histogram.edges[-1]

    def place(value: float) -> float:
        return round((value - low) / (high - low) * 100, 3)

    width = 100 / len(histogram.counts)
    most = max(histogram.counts)
    bars = [
        Bar(
            x=round((number + _GAP / 2) * width, 3),
            y=round(100 - (height := count / most * (100 - _HEADROOM)), 3),
            width=round(width * (1 - _GAP), 3),
            height=round(height, 3),
            low=histogram.edges[number],
            high=histogram.edges[number + 1],
            count=count,
        )
        for number, count in enumerate(histogram.counts)
    ]
    quartile = place(distribution.lower_quartile)
    return HistogramChart(
        bars=bars,
        ticks=[Tick(place(value), value) for value in axis_ticks(low, high)],
        median=place(distribution.median),
        quartile=quartile,
        middle_width=round(place(distribution.upper_quartile) - quartile, 3),
    )
