"""How a model page reads: its sentences, its bars and the table of its results."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import groupby

import django_tables2
from django.urls import reverse
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import slugify

from leaderboard.models import Benchmark, BoardRow, ModelMeta, Scope
from leaderboard.selectors.model_metas import ModelScore
from leaderboard.strengths import TypeStrength, Verdict
from leaderboard.tables.base import PodiumTable, Rows, ScoreColumn
from leaderboard.tables.boards import leading_mean
from leaderboard.tables.cells import DASH, TRAINED_ON, breakable, percent_cell, quantity_text, score_text
from leaderboard.tables.provenance import (
    PROVENANCE,
    PROVENANCE_COLUMNS,
    provenance_cells,
    provenance_columns,
    results_cell,
)
from leaderboard.task_types import type_label

FIGURE_SPACE = "\N{FIGURE SPACE}"
FEW_LANGUAGES = 2
"""Up to this many languages are named in the sentence about a model."""
_KINDS = {
    "dense": "embedding model",
    "sparse": "sparse embedding model",
    "late-interaction": "late-interaction model",
    "cross-encoder": "cross-encoder",
}


class ModelScoreTable(PodiumTable):
    """A model's current results: one block of rows per task type, or one list where a column sorts them."""

    text_columns = PROVENANCE | {"task"}
    task = django_tables2.Column("Task", accessor="task_name")
    score = ScoreColumn("Score", accessor="score")
    percentile = ScoreColumn("Percentile", accessor="percentile")
    rank = django_tables2.Column("Rank", accessor="rank")
    cells = ScoreColumn("Cells", accessor="n_cells")

    def __init__(self, scores: list[ModelScore], *, scope: Scope, sort: str = "") -> None:
        self.source = "" if scope == Scope.ALL else f"?source={scope}"
        super().__init__(Rows(scores), order_by=[sort] if sort else None, extra_columns=provenance_columns())

    @property
    def in_order(self) -> list[ModelScore]:
        """Every row of the table, on whatever page, as it is sorted."""
        return list(self.data.data)

    def body(self) -> SafeString:
        records: Sequence[ModelScore] = list(self.records())
        if self.order_by:
            return mark_safe(f"<tbody>{''.join(self._row(record, record.task_type) for record in records)}</tbody>")  # noqa: S308
        sizes = Counter(record.task_type for record in self.in_order)
        groups = groupby(records, lambda record: record.task_type)
        return mark_safe("".join(self._group(name, group, sizes[name]) for name, group in groups))  # noqa: S308

    def _group(self, task_type: str, records: Iterable[ModelScore], size: int) -> str:
        """`size` counts the rows of the type on all pages."""
        count = f"{size} task{'' if size == 1 else 's'}"
        head = f'<th colspan="{len(self.columns)}" scope="rowgroup" id="{escape(slugify(task_type))}">'
        rows = "".join(self._row(record) for record in records)
        title = f"<span>{escape(type_label(task_type))} <small>{count}</small></span>"
        return f'<tbody><tr class="group">{head}{title}</th>{rows}</tbody>'

    def _row(self, record: ModelScore, task_type: str = "") -> str:
        variant = f'<span class="variant">{escape(record.experiment_id)}</span>' if record.experiment_id else ""
        below = f"<small>{escape(type_label(task_type))}</small>" if task_type else ""
        current = record.current
        return (
            f'<tr><th scope="row"><a href="{escape(reverse("task", args=[record.task_name]))}{self.source}">'
            f"{breakable(record.task_name)}</a>{variant}{below}</th>"
            f"<td>{score_text(record.score)}{TRAINED_ON if record.contaminated else ''}"
            f"{percentile_cell(record.percentile)}{_rank_cell(record)}{_cells_cell(record)}"
            f"{provenance_cells(current, stale=record.stale, reason=record.stale_reason)}"
            f"{results_cell(current.model_name, record.task_name, record.n_results)}"
        )


def standings_body(rows: Iterable[BoardRow], scope: Scope) -> SafeString:
    """The rows of the table of standings."""
    source = "" if scope == Scope.ALL else f"?source={scope}"
    return mark_safe(f"<tbody>{''.join(_standing(row, source) for row in rows)}</tbody>")  # noqa: S308


def _standing(row: BoardRow, source: str) -> str:
    benchmark = row.board.benchmark
    name = f"<small>{escape(benchmark.name)}</small>" if benchmark.name != benchmark.title else ""
    variant = f'<span class="variant">{escape(row.experiment_id)}</span>' if row.experiment_id else ""
    return (
        f'<tr><th scope="row"><a href="{escape(benchmark.get_absolute_url())}{source}">{escape(benchmark.title)}</a>'
        f"{name}{variant}</th>{_standing_rank(row)}{percentile_cell(row.percentile)}{_mean_cell(row)}"
        f"<td>{row.n_done}/{row.board.n_declared_tasks}{percent_cell(row.zero_shot)}{_missing_cell(row, source)}"
    )


def _standing_rank(row: BoardRow) -> str:
    if not row.rank:
        return f'<td><abbr title="not ranked">{DASH}</abbr>'
    number = f'<span class="medal-{row.rank}">{row.rank}</span>' if row.rank <= 3 else f"<strong>{row.rank}</strong>"
    interval = f"<small>{row.rank_low}{DASH}{row.rank_high}</small>" if row.rank_low and row.rank_high else ""
    return f'<td>{number}<span class="muted"> of {row.board.n_rows}</span>{interval}'


def _mean_cell(row: BoardRow) -> str:
    mean = leading_mean(row)
    if mean.value is None:
        return f'<td><abbr title="incomplete">{DASH}</abbr>'
    return f'<td><abbr class="value" title="{escape(mean.label)}">{score_text(mean.value)}</abbr>'


def _missing_cell(row: BoardRow, source: str) -> str:
    """A link to the tasks that the base run lacks."""
    n_missing = row.board.n_declared_tasks - row.n_done
    if n_missing <= 0 or row.experiment_id:
        return '<td class="text">'
    tasks = f"{n_missing} task{'' if n_missing == 1 else 's'}"
    title = escape(row.board.benchmark.title)
    return (
        f'<td class="text"><a href="?missing={row.board.benchmark.slug}{source.replace("?", "&amp;")}#missing">{tasks}'
        f'<span class="visually-hidden"> missing on {title}</span></a>'
    )


def needs_provenance(sort: str) -> bool:
    """Whether the table cannot be sorted by that column before provenance is there."""
    return sort.removeprefix("-") in {name for name, _, _ in PROVENANCE_COLUMNS}


def percentile_cell(percentile: float | None) -> str:
    """A percentile with its bar."""
    if percentile is None:
        return f'<td class="percentile"><abbr title="not compared">{DASH}</abbr>'
    return f'<td class="percentile">{percentile_bar(percentile)}{f"{percentile:3.0f}".replace(" ", FIGURE_SPACE)}'


def percentile_bar(percentile: float) -> SafeString:
    """A bar for sighted readers; the number stands beside it."""
    return mark_safe(  # noqa: S308
        '<svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect class="track" width="100" height="8"/><rect class="fill" width="{percentile:.1f}" height="8"/></svg>'
    )


def strength_bar(strength: TypeStrength) -> SafeString:
    """The middle half of the percentiles as a band and the median as a mark, over quarters."""
    width = max(strength.high - strength.low, 0.5)
    start = min(strength.low, 100 - width)
    mark = min(max(strength.median - 0.8, 0), 98.4)
    return mark_safe(  # noqa: S308
        '<svg class="strength-bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="track" width="100" height="8"/>'
        f'<rect class="band" x="{start:.1f}" width="{width:.1f}" height="8"/>'
        '<path class="quarters" d="M25 0v8M50 0v8M75 0v8"/>'
        f'<rect class="median" x="{mark:.1f}" width="1.6" height="8"/></svg>'
    )


def _rank_cell(record: ModelScore) -> str:
    if record.rank is None:
        why = "not ranked" if record.is_whole else "not ranked: cells are missing"
        return f'<td><abbr title="{why}">{DASH}</abbr>'
    return f'<td>{record.rank}<span class="muted"> of {record.n_ranked}</span>'


def _cells_cell(record: ModelScore) -> str:
    if record.is_whole:
        return f"<td>{record.n_cells}"
    return f'<td><abbr title="incomplete: cells are missing">{record.n_cells}/{record.of_cells}</abbr>'


def ordinal(number: float) -> str:
    """95.7 -> 96th."""
    whole = round(number)
    last = 0 if 10 < whole % 100 < 14 else whole % 10
    return f"{whole}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(last, 'th') }"


def strength_sentences(strengths: Iterable[TypeStrength]) -> list[tuple[str, str]]:
    """(heading, types with their figures) for each verdict that some type has."""
    headings = {
        Verdict.STRONG: "Strong at",
        Verdict.TYPICAL: "Typical at",
        Verdict.WEAK: "Weak at",
        Verdict.UNCERTAIN: "Too few tasks to say",
    }
    known = list(strengths)
    by_verdict = {verdict: [one for one in known if one.verdict is verdict] for verdict in headings}
    return [
        (heading, ", ".join(_figures(one, short=place > 0) for place, one in enumerate(by_verdict[verdict])))
        for verdict, heading in headings.items()
        if by_verdict[verdict]
    ]


def _figures(one: TypeStrength, *, short: bool) -> str:
    percentile = ordinal(one.median) if short else f"{ordinal(one.median)} percentile"
    tasks = f"{one.n_tasks}" if short else f"{one.n_tasks} task{'' if one.n_tasks == 1 else 's'}"
    return f"{type_label(one.task_type)} ({percentile} over {tasks})"


def summary_sentence(model_meta: ModelMeta, languages: Sequence[str]) -> str:
    """What kind of model it is, in one sentence of what is known. `languages` are names of few."""
    weights = {True: "open-weights ", False: "closed ", None: ""}[model_meta.open_weights]
    size = "" if model_meta.n_parameters is None else f"{quantity_text(model_meta.n_parameters)}-parameter "
    kind = " and ".join(_KINDS.get(kind, kind) for kind in model_meta.model_type) or "embedding model"
    subject = f"{weights}{size}{kind}{_languages(model_meta, languages)}"
    parts = [f"{_article(subject)} {subject}"]
    offers = []
    if model_meta.embed_dim:
        offers.append(f"{model_meta.embed_dim:,} dimensions")
    if model_meta.max_tokens:
        offers.append(f"up to {model_meta.max_tokens:,} tokens")
    if offers:
        parts.append(f" with {' and '.join(offers)}")
    if model_meta.release_date:
        parts.append(f", released {model_meta.release_date:%B %Y}")
    if model_meta.license:
        parts.append(f", licence {model_meta.spdx_license or model_meta.license}")
    if parts == ["An embedding model"]:
        parts.append(" of which nothing more is known here")
    return f"{''.join(parts)}."


def _languages(model_meta: ModelMeta, names: Sequence[str]) -> str:
    if names:
        return f" for {' and '.join(names)}"
    return f" for {len(model_meta.languages)} languages" if model_meta.languages else ""


def evaluation_code(model_meta: ModelMeta, benchmark: Benchmark | None, task_name: str) -> str:
    """A program that evaluates the model on a board, or without one on a task, as the official results were made."""
    revision = f", revision={model_meta.registry_revision!r}" if model_meta.registry_revision else ""
    tasks = f"mteb.get_benchmark({benchmark.name!r})" if benchmark else f"mteb.get_tasks(tasks=[{task_name!r}])"
    return (
        "import mteb\n\n"
        f"model = mteb.get_model({model_meta.name!r}{revision})\n"
        f"tasks = {tasks}\n"
        "results = mteb.evaluate(model, tasks, cache=None)\n"
    )


def duration_text(seconds: float) -> str:
    """3,725 s -> 1 h 2 min."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours:,} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _article(subject: str) -> str:
    """A or An, as the first word is spoken: an 8B-parameter model."""
    return "An" if subject[0] in "aeiou" or subject.startswith(("8", "11", "18")) else "A"
