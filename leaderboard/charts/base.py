"""What a chart is made of, and the view that sends one as data to Chart.js."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from math import isfinite
from typing import Any

from chartjs.views.lines import BaseLineChartView

FEW_LABELS, MANY_LABELS = 6, 16


class Kind(StrEnum):
    """How the series are drawn; `ranges` are floating bars with points on them, a label each."""

    POINTS = "points"
    RADAR = "radar"
    BARS = "bars"
    RANGES = "ranges"
    LINES = "lines"


class Look(StrEnum):
    """What a series is to the eye."""

    POINTS = "points"
    LINE = "line"
    STEPS = "steps"
    RANGE = "range"
    OUTLINE = "outline"
    BAR = "bar"


class Scale(StrEnum):
    LINEAR = "linear"
    LOGARITHMIC = "logarithmic"
    TIME = "time"
    CATEGORY = "category"
    RANK = "rank"


@dataclass(frozen=True)
class Axis:
    title: str = ""
    scale: Scale = Scale.LINEAR


@dataclass(frozen=True)
class Series:
    """`data` holds a value for each label (None for none), or points: {x, y, name, note} and what else they have."""

    name: str
    data: Sequence[Any]
    look: Look = Look.POINTS


@dataclass(frozen=True)
class Drawing:
    kind: Kind
    series: Sequence[Series]
    x: Axis = field(default_factory=Axis)
    y: Axis = field(default_factory=Axis)
    labels: Sequence[str] = ()

    @property
    def size(self) -> str:
        """How much height the page keeps free for it."""
        if self.kind not in {Kind.RANGES, Kind.BARS}:
            return "many" if len(self.series) >= FEW_LABELS else "normal"
        bars = len(self.labels) * (len(self.series) if self.kind is Kind.BARS else 1)
        return "low" if bars <= FEW_LABELS else "normal" if bars <= MANY_LABELS else "high"


@dataclass(frozen=True)
class FactRow:
    """A row of the table: what it is about, which may be a model with a page, and its values as text."""

    label: str
    values: Sequence[str]
    model: str = ""
    variant: str = ""


@dataclass(frozen=True)
class FactTable:
    """`head` names the first column and those of the values."""

    caption: str
    head: Sequence[str]
    rows: Sequence[FactRow]


@dataclass(frozen=True)
class Chart:
    """A chart with its facts in words: `sentence` tells what it shows, `note` how to read it.

    Without a drawing the sentence says why there is none. Without a table, the page has one elsewhere.
    """

    key: str
    title: str
    sentence: str
    note: str = ""
    drawing: Drawing | None = None
    table: FactTable | None = None


class ChartDataView(BaseLineChartView):
    """The drawing of a chart as JSON. Colours are the page's own: a series only has a number."""

    drawing = Drawing(Kind.POINTS, ())

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        drawing = self.drawing
        axes = {"x": asdict(drawing.x), "y": asdict(drawing.y)}
        return {
            "kind": drawing.kind,
            "axes": axes,
            "labels": self.get_labels(),
            "datasets": self.get_datasets(),
        }

    def get_labels(self) -> list[str]:
        return list(self.drawing.labels)

    def get_data(self) -> list[Sequence[Any]]:
        return [series.data for series in self.drawing.series]

    def get_providers(self) -> list[str]:
        return [series.name for series in self.drawing.series]

    def get_colors(self) -> Iterator[tuple[int]]:
        return zip(range(len(self.drawing.series)))

    def get_dataset_options(self, index: int, color: tuple[int]) -> dict[str, Any]:
        return {"slot": color[0], "look": self.drawing.series[index].look}

    def convert_context_to_json(self, context: Mapping[str, Any]) -> str:
        return json.dumps(without_nan(context), allow_nan=False, separators=(",", ":"))


def without_nan(value: Any) -> Any:
    """The same with null for numbers that JSON has no word for."""
    if isinstance(value, float):
        return value if isfinite(value) else None
    if isinstance(value, Mapping):
        return {name: without_nan(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [without_nan(one) for one in value]
    return value
