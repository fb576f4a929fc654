"""The chart of what chosen models are good at: a radar by task type, or bars where there are too few or many."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from leaderboard.aggregation import Floats
from leaderboard.charts.base import Axis, Chart, Drawing, FactRow, FactTable, Kind, Look, Scale, Series
from leaderboard.charts.rows import ChartRows, Contender
from leaderboard.selectors.narrowing import plain
from leaderboard.tables.cells import score_text
from leaderboard.task_types import type_label

DEFAULT_MODELS = 5
MOST_MODELS = 6
_RADAR_LABELS = range(3, 13)
_MOST_LABELS = 12


@dataclass(frozen=True)
class Parts:
    """What scores are shown by: the labels, and (rows of the standings, labels) scores."""

    word: str
    labels: list[str]
    scores: Floats


def profile_chart(rows: ChartRows, chosen: Sequence[Contender], missing: Sequence[str] = ()) -> Chart:
    """The scores of a few models by task type; by group or task on boards without several types."""
    parts = _parts(rows)
    title, key = f"Scores by {parts.word}", "types"
    if not chosen:
        return Chart(key, title, "No model of this view has a score to show.")
    scores = [plain(parts.scores[row.place]) for row in chosen]
    n = len(parts.labels)
    left_out = f" The chart shows the first {_MOST_LABELS} of {n}, the table all." if n > _MOST_LABELS else ""
    return Chart(
        key,
        title,
        f"{_leads(parts, chosen, scores)}",
        f"{_absent(missing)}{_blanks(scores)}{_means(rows)}{left_out}".strip(),
        profile_drawing(parts.labels, [row.short_name for row in chosen], scores),
        FactTable(
            f"Scores of the chosen models by {parts.word}",
            [parts.word.capitalize(), *(row.short_name for row in chosen)],
            [FactRow(label, [score_text(of[i]) for of in scores]) for i, label in enumerate(parts.labels)],
        ),
    )


def profile_drawing(labels: Sequence[str], names: Sequence[str], scores: Sequence[Sequence[float | None]]) -> Drawing:
    """A radar where it has enough corners and not too many, else bars."""
    is_radar = len(labels) in _RADAR_LABELS
    look = Look.OUTLINE if is_radar else Look.BAR
    series = [
        Series(name, [None if score is None else round(score * 100, 4) for score in of[:_MOST_LABELS]], look)
        for name, of in zip(names, scores, strict=True)
    ]
    axes = (Axis("Score"), Axis(scale=Scale.CATEGORY))
    return Drawing(Kind.RADAR if is_radar else Kind.BARS, series, *axes, labels[:_MOST_LABELS])


def means_chart(labels: Sequence[str], names: Sequence[str], means: Sequence[Sequence[float]]) -> Chart | None:
    """Means of compared models by task type, which a table beside it has; None where no task is common."""
    if not labels:
        return None
    return Chart(
        "means",
        "Means by task type",
        f"The means of the table, drawn for {', '.join(names)}.",
        drawing=profile_drawing([type_label(label) for label in labels], names, means),
    )


def chosen_rows(rows: ChartRows, names: Collection[str]) -> list[Contender]:
    """The rows of the models that are named, at most MOST_MODELS; the first few with a mean where none is there."""
    found = [row for row in rows.contenders if row.name in names or row.facts.name in names]
    return found[:MOST_MODELS] if found else list(rows.rows[:DEFAULT_MODELS])


def unknown_names(chosen: Collection[Contender], names: Collection[str]) -> list[str]:
    """The names that no chosen row answers to."""
    shown = {name for row in chosen for name in (row.name, row.facts.name)}
    return [name for name in names if name not in shown]


def _parts(rows: ChartRows) -> Parts:
    head, columns = rows.standings.head, rows.standings.columns
    if len(head.task_types) > 1:
        return Parts("task type", [type_label(name) for name in head.task_types], rows.type_means)
    if len(head.groups) > 1:
        return Parts("group", [label for _, label in head.groups], columns["group_means"])
    return Parts("task", list(head.summary_task_names), columns["task_scores"])


def _leads(parts: Parts, chosen: Sequence[Contender], scores: Sequence[Sequence[Any]]) -> str:
    """Who is best on how many of the parts."""
    won = [0] * len(chosen)
    for i in range(len(parts.labels)):
        known = [(of[i], model) for model, of in enumerate(scores) if of[i] is not None]
        best = max((score for score, _ in known), default=None)
        for score, model in known:
            won[model] += score == best
    if len(chosen) == 1:
        return f"{chosen[0].short_name} by {parts.word}."
    n = len(parts.labels)
    what = parts.word if n == 1 else f"{parts.word}s"
    told = [f"{row.short_name} on {n_won}" for row, n_won in zip(chosen, won, strict=True) if n_won]
    return (
        f"Best of these {len(chosen)} models over {n} {what}: {', '.join(told)}." if told else "All scores are blank."
    )


def _absent(missing: Sequence[str]) -> str:
    return f"Not in this view, or one too many: {', '.join(missing)}. " if missing else ""


def _blanks(scores: Sequence[Sequence[Any]]) -> str:
    blank = any(score is None for of in scores for score in of)
    return "Blank scores are left open; lenient means, which the view can show, fill many of them. " if blank else ""


def _means(rows: ChartRows) -> str:
    return "Means are over the tasks that each model has." if rows.is_lenient else ""
