"""How values read on the pages of tasks."""

from __future__ import annotations

from django import template

from leaderboard.descriptive_stats import number_text
from leaderboard.metrics import Metric
from leaderboard.tables.cells import DASH, MINUS
from leaderboard.tables.tasks import metric_text
from leaderboard.task_types import type_label

register = template.Library()
register.filter("number", number_text)
register.filter("type_label", type_label)

# From which rank correlation on a task is said to order models so, strongest first.
_AGREEMENTS = (
    (0.9, "nearly the same order"),
    (0.7, "much the same order"),
    (0.4, "partly the same order"),
    (0.1, "hardly the same order"),
    (-0.1, "no common order"),
    (-1.0, "rather the opposite order"),
)
_SMALL = 0.001


@register.filter
def share(value: float | None) -> str:
    """A share in percent with one digit; what is not all is never rounded to all."""
    if value is None:
        return DASH
    if 0 < value < _SMALL:
        return "less than 0.1%"
    if 1 - _SMALL < value < 1:
        return "more than 99.9%"
    return f"{value:.1%}".replace(".0%", "%")


@register.filter
def lower_first(sentence: str) -> str:
    """For a sentence that goes on after a colon."""
    return sentence[:1].lower() + sentence[1:]


@register.filter
def tick(value: float) -> str:
    """A score x 100 with as few digits as it needs."""
    return f"{value * 100:.6g}".replace("-", MINUS)


@register.filter
def shown(metric: Metric, value: float | None) -> str:
    return metric_text(metric, value)


@register.filter
def in_words(correlation: float | None) -> str:
    if correlation is None:
        return "too few models to say"
    return next((words for least, words in _AGREEMENTS if correlation >= least), _AGREEMENTS[-1][1])
