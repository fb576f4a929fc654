"""The table that the benchmark prints."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

_HEADINGS = ("what", "Podium", "the other side", "ratio", "goal", "reached")


def marks(section: str) -> tuple[str, str]:
    """Between these lines of a page stands the table of a section."""
    return f"<!-- begin: {section}, written by script/bench -->", f"<!-- end: {section} -->"


@dataclass(frozen=True)
class Line:
    """`other` is empty for a number that has nothing beside it, `goal` is None for one that has to reach nothing."""

    what: str
    ours: str
    other: str = ""
    ratio: float | None = None
    goal: float | None = None
    at_least: bool = False

    def cells(self) -> list[str]:
        ratio = "" if self.ratio is None else f"{self.ratio:.3f}"
        if self.ratio is None or self.goal is None:
            return [self.what, self.ours, self.other, ratio, "", ""]
        reached = self.ratio >= self.goal if self.at_least else self.ratio <= self.goal
        sign = "≥" if self.at_least else "≤"
        return [self.what, self.ours, self.other, ratio, f"{sign} {self.goal:g}", "yes" if reached else "**no**"]


def compared(
    what: str,
    ours: float,
    other: float,
    shown: Callable[[float], str],
    goal: float | None = None,
    *,
    at_least: bool = False,
    remark: str = "",
) -> Line:
    """Two numbers of one kind; `remark` stands behind the other side's. `at_least`: the goal is to be more."""
    return Line(what, shown(ours), f"{shown(other)}{remark}", ours / other, goal, at_least)


def seconds(value: float) -> str:
    return f"{value:.2f} s" if value < 10 else f"{value:.1f} s"


def kilobytes(value: float) -> str:
    return f"{value / 1000:,.0f} kB"


def per_second(value: float) -> str:
    return f"{value:,.0f} requests/s"


def megabytes(value: float) -> str:
    return f"{value / 1e6:,.0f} MB"


def markdown(lines: Iterable[Line], facts: Mapping[str, str]) -> str:
    rows = [_HEADINGS, ("---", "---", "---", "---:", "---", "---"), *(line.cells() for line in lines)]
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    return f"{'. '.join(f'{name}: {value}' for name, value in facts.items())}.\n\n{table}\n"


def write(text: str, path: Path, section: str) -> None:
    """Between the markers of a page that has them, else as the whole file."""
    page = path.read_text() if path.exists() else ""
    first, last = marks(section)
    before, begin, rest = page.partition(first)
    _, end, after = rest.partition(last)
    path.write_text(f"{before}{first}\n\n{text}\n{last}{after}" if begin and end else page + text)
