"""What a board shows, in words: the one line under its name, and a chip for each thing that narrows it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from leaderboard.board_query import MODEL_FACETS, RANGES, TASK_FACETS, BoardQuery, ZeroShot, range_text
from leaderboard.methods import Method
from leaderboard.metrics import explained

METHODS: Mapping[Method, str] = {
    Method.OFFICIAL: "official rule",
    Method.MEAN_TASK: "mean over tasks",
    Method.MEAN_TASK_TYPE: "mean over task types",
    Method.WIN_RATE: "win rate",
    Method.COMPLETE: "Borda count of complete runs only",
}
METHOD_NOTES: Mapping[Method, str] = {
    Method.OFFICIAL: "The rule of the benchmark, as on the official board.",
    Method.MEAN_TASK: "Highest mean over the tasks first; models with a blank mean are not ranked.",
    Method.MEAN_TASK_TYPE: "Highest mean over the task types first; models with a blank mean are not ranked.",
    Method.WIN_RATE: "Share of comparisons won against every other model on the tasks that both have, ties half. "
    "Few tasks suffice to stand high: the filter “complete only” leaves such models out.",
    Method.COMPLETE: "Only models with every task are ranked, and only they vote.",
}


_LONGEST = 36  # Characters of an address in a table.


@dataclass(frozen=True)
class Chip:
    """A condition, and the query without it."""

    label: str
    value: str
    without: BoardQuery


def chips(query: BoardQuery, value_label: Callable[[str, str], str]) -> list[Chip]:
    """One chip for each condition; `value_label(facet, value)` says how a value reads."""
    return [Chip(label, value, without) for label, value, without in _conditions(query, value_label)]


def _conditions(query: BoardQuery, value_label: Callable[[str, str], str]) -> Iterator[tuple[str, str, BoardQuery]]:
    for name, label in {**TASK_FACETS, **MODEL_FACETS}.items():
        for value in query.choices.get(name, ()):
            yield label, value_label(name, value), query.without(name, value)
    for name, label in RANGES.items():
        if name in query.ranges:
            yield label, _range(range_text(query.ranges[name])), query.without(name)
    zero_shot = {ZeroShot.ONLY: "only", ZeroShot.KNOWN: "known"}.get(query.zero_shot, "")
    plain = {
        "zero_shot": ("Zero-shot", zero_shot),
        "complete": ("Coverage", "every task" if query.complete else ""),
        "measured": ("Speed", "measured" if query.measured else ""),
        "variants": ("Variants", "the best of each model" if query.best_variants else ""),
        "q": ("Query", query.text),
        "metric": ("Metric", query.metric),
    }
    for name, (label, value) in plain.items():
        if value:
            yield label, value, query.without(name)


def _range(text: str) -> str:
    bounds, _, unknown = text.partition(",")
    low, _, high = bounds.partition("..")
    words = f"{low} to {high}" if low and high else f"at least {low}" if low else f"at most {high}"
    return f"{words}, or unknown" if unknown else words


def license_text(name: str) -> str:
    """A licence as it reads in a table: its name, or where nobody gave it one the address of its terms, shortened."""
    host_and_path = name.partition("://")[2]
    if not host_and_path:
        return name
    return f"terms at {host_and_path if len(host_and_path) <= _LONGEST else f'{host_and_path[:_LONGEST]}…'}"


def sources(*, official_only: bool) -> str:
    """Where the results of a page come from."""
    return "official results only" if official_only else "official results, uploads and evaluations here"


def counted(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def counted_of(number: int, total: int, word: str) -> str:
    """`12 of 41 tasks`, or `41 tasks` where that is all."""
    return counted(number, word) if number == total else f"{number:,} of {counted(total, word)}"


@dataclass(frozen=True)
class Extent:
    """How much of a board is shown: rows and tasks, of how many."""

    n_rows: int
    of_rows: int
    n_tasks: int
    of_tasks: int


def in_one_line(extent: Extent, query: BoardQuery, *, rule: str, official_only: bool) -> str:
    """What the reader is looking at. `rule` ends "ranked by" for the official rule of the board."""
    anew = query.narrows_tasks or query.narrows_models or query.metric
    rule = rule if query.method is Method.OFFICIAL else METHODS[query.method]
    models = counted_of(extent.n_rows, extent.of_rows, "model")
    tasks = counted_of(extent.n_tasks, extent.of_tasks, "task")
    parts = [
        f"{models} ranked {'anew ' if anew else ''}by {rule} over {tasks}",
        f"by {_metric_rule(query.metric)}" if query.metric else "",
        "means over the tasks that are not blank" if query.lenient else "",
        "intervals from draws within each task type" if query.stratified else "",
        f"from {sources(official_only=official_only)}",
    ]
    return ", ".join(part for part in parts if part) + "."


def _metric_rule(name: str) -> str:
    """What stands in place of the main score; the highest goes first whatever a metric means."""
    metric = explained(name)
    parts = [f"{name} instead of the main score"]
    if metric.higher_is_better is False:
        parts.append("the highest first although lower is better")
    if metric.higher_is_better is None:
        parts.append("the highest first whether or not that is better")
    if not metric.is_fraction:
        parts.append("shown x 100 like all scores")
    return ", ".join(parts)


def languages_in_one_line(n_models: int, n_languages: int, of_languages: int, *, official_only: bool) -> str:
    """As `in_one_line`, for the table per language."""
    languages = counted_of(n_languages, of_languages, "language")
    most = ", those that most models have" if n_languages < of_languages else ""
    models = counted(n_models, "model")
    return f"{models} placed by Borda count over {languages}{most}, from {sources(official_only=official_only)}."
