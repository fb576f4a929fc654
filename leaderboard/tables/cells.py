"""How single values read: rounding, labels, links. Each cell is a string of HTML."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date, datetime
from math import floor, log10
from typing import Any

from django.urls import reverse
from django.utils.html import conditional_escape, escape, format_html
from django.utils.safestring import SafeString, mark_safe

from leaderboard.models import SourceKind
from leaderboard.selectors.boards import LEVELS, Kind
from leaderboard.verification import LEVEL_LABELS, LEVEL_SENTENCES, Level

DASH = "\N{EN DASH}"
MINUS = "\N{MINUS SIGN}"
UNKNOWN = '<td class="unknown">unknown'
TRAINED_ON = '<abbr class="mark" title="trained on data of this task">‡</abbr>'
ORIGIN_LABELS: dict[str, str] = {
    SourceKind.OFFICIAL: "official",
    SourceKind.UPLOAD: "uploaded",
    SourceKind.RUN: "evaluated here",
}
STALE_SYMBOL = "\N{SECTION SIGN}"
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z0-9])(?=[A-Z][a-z])|(?<=[_.\-/])")


def breakable(name: str) -> SafeString:
    """The name, which may break across lines between its words: a column head is narrow and task names are long."""
    return mark_safe("<wbr>".join(escape(part) for part in _HUMP.split(name)))  # noqa: S308


def stale_mark(reason: str) -> str:
    """Beside a score that a rule makes stale."""
    return f'<abbr class="mark" title="stale: {escape(reason)}">{STALE_SYMBOL}</abbr>'


def score_text(score: float | None) -> str:
    return DASH if score is None else f"{score * 100:.2f}"


def points_text(difference: float) -> str:
    """A distance between scores in points of x 100, with the digits that a tolerance of 0.1 needs."""
    return f"{difference * 100:.3f}"


def difference_text(difference: float | None) -> str:
    """A difference of scores as it reads beside them: +1.25."""
    return DASH if difference is None else f"{difference * 100:+.2f}".replace("-", MINUS)


def quantity_text(number: int) -> str:
    """7,241,732,096 -> 7.2B; what rounds up to a thousand of a unit is one of the next."""
    for size, letter in ((10**9, "B"), (10**6, "M"), (10**3, "K")):
        if number >= size - size // 2000:
            return f"{number / size:.{1 if number < 10 * size else 0}f}{letter}".replace(".0", "")
    return str(number)


def measure_text(number: float) -> str:
    """With the three digits that a measurement is good for: 0.472, 4.72, 47.2, 1,472."""
    decimals = max(0, 2 - floor(log10(number))) if number > 0 else 0
    return f"{number:,.{min(decimals, 4)}f}"


def date_text(day: date | datetime | None) -> str:
    return "unknown" if day is None else f"{day:%Y-%m-%d}"


def origin_text(kinds: Iterable[str]) -> str:
    return ", ".join(label for kind, label in ORIGIN_LABELS.items() if kind in kinds)


def revision_text(revision: str) -> str:
    """A commit shortened as people quote it; a label as it is."""
    return revision[:8] if re.fullmatch(r"[0-9a-f]{40}", revision) else revision


def model_cell(name: str, experiment_id: str = "", origin: str = "", query: str = "", choice: str = "") -> str:
    """A row's head: the model, and in small print who made it, how it was run and where the row comes from.

    `choice` is HTML that stands in front of the name.
    """
    organisation, _, short_name = name.rpartition("/")
    variant = f'<span class="variant">{escape(experiment_id)}</span>' if experiment_id else ""
    details = " · ".join(conditional_escape(text) for text in (organisation, origin) if text)
    return (
        f'<th scope="row">{choice}<a href="{escape(reverse("model", args=[name]))}{query}">{breakable(short_name)}</a>'
        f"{variant}<small>{details}</small></th>"
    )


def rank_cell(rank: int | None, interval: tuple[int, int] | None = None) -> str:
    """The rank, and in small print the 95 % interval that it lies in; 0 is not ranked, as None."""
    if not rank:
        return f'<td class="rank"><abbr title="not ranked">{DASH}</abbr>'
    number = f'<span class="medal-{rank}">{rank}</span>' if rank <= 3 else f"{rank}"
    return f'<td class="rank">{number}{f"<small>{interval[0]}{DASH}{interval[1]}</small>" if interval else ""}'


def moved_rank_cell(rank: int | None, usual: int | None) -> str:
    """A rank under other circumstances, and in small print by how many places it is better (+) or worse than usual."""
    if not rank or not usual or rank == usual:
        return rank_cell(rank)
    sign = "+" if rank < usual else MINUS
    return f"{rank_cell(rank)}<small>{sign}{abs(usual - rank):,}</small>"


def percent_cell(percent: int | None) -> str:
    if percent is None:
        return '<td><abbr title="not available: the training data is not disclosed">NA</abbr>'
    return f"<td>{percent}%"


def level_badge(level: str) -> SafeString:
    """How far something is verified, with the sentence that explains it."""
    style = {Level.FULL: " strong", Level.SAMPLE: " strong", Level.DISAGREES: " doubt"}.get(Level(level), "")
    return format_html('<span class="badge{}" title="{}">{}</span>', style, LEVEL_SENTENCES[level], LEVEL_LABELS[level])


def _known(text: Callable[[Any], str]) -> Callable[[Any], str]:
    return lambda value: UNKNOWN if value is None else f"<td>{text(value)}"


CELLS: dict[Kind, Callable[[Any], str]] = {
    Kind.RANK: rank_cell,
    Kind.PLACE: lambda position: rank_cell(position + 1),
    Kind.PERCENT: percent_cell,
    Kind.QUANTITY: _known(quantity_text),
    Kind.COUNT: _known(lambda number: f"{number:,}"),
    Kind.MEASURE: _known(measure_text),
    Kind.DATE: _known(date_text),
    Kind.LEVEL: lambda place: f"<td>{level_badge(LEVELS[place])}",
}
