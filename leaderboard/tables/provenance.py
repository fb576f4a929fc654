"""The columns that say where a result comes from."""

from __future__ import annotations

import django_tables2
from django.urls import reverse
from django.utils.html import escape
from django.utils.http import urlencode

from leaderboard.selectors.boards import Kind
from leaderboard.selectors.results import CurrentScore
from leaderboard.tables.cells import CELLS, ORIGIN_LABELS, STALE_SYMBOL, level_badge, revision_text

STALE = '<span class="badge" title="made on another revision of the dataset than mteb names now">stale</span>'


def stale_badge(reason: str) -> str:
    return f' <span class="badge" title="{escape(reason)}">{STALE_SYMBOL} stale</span>'


def provenance_cells(current: CurrentScore, *, stale: bool = False, reason: str = "") -> str:
    """Revision, dataset revision, mteb version, date, origin and level of a result.

    `stale` marks the dataset revision as another than mteb names now; `reason` is that of a rule that hits the result.
    """
    parts = (
        f' <abbr title="merged from {current.n_parts} results">+{current.n_parts - 1}</abbr>'
        if current.n_parts > 1
        else ""
    )
    return (
        f'<td class="text"><code title="{escape(current.model_revision)}">'
        f"{escape(revision_text(current.model_revision))}</code>{parts}"
        f"{_code(current.dataset_revision)}{f' {STALE}' if stale else ''}"
        f"{_text(current.mteb_version)}{stale_badge(reason) if reason else ''}"
        f'{CELLS[Kind.DATE](current.date)}<td class="text">{ORIGIN_LABELS[current.origin]}'
        f'<td class="text">{level_badge(current.level)}'
    )


def _code(revision: str | None) -> str:
    if not revision:
        return '<td class="text unknown">unknown'
    return f'<td class="text"><code title="{escape(revision)}">{escape(revision_text(revision))}</code>'


def _text(text: str | None) -> str:
    return f'<td class="text">{escape(text)}' if text else '<td class="text unknown">unknown'


def results_cell(model_name: str, task_name: str, n_results: int) -> str:
    address = f"{reverse('results')}?{urlencode({'model': model_name, 'task': task_name})}"
    word = "result" if n_results == 1 else "results"
    return (
        f'<td class="text"><a href="{escape(address)}">{n_results} {word}'
        f'<span class="visually-hidden"> of {escape(model_name)} on {escape(task_name)}</span></a>'
    )


PROVENANCE_COLUMNS: tuple[tuple[str, str, str], ...] = (
    ("revision", "Revision", "current__model_revision"),
    ("dataset", "Dataset revision", "current__dataset_revision"),
    ("mteb", "mteb version", "current__mteb_version"),
    ("date", "Date", "current__date"),
    ("source", "Source", "current__origin"),
    ("verified", "Verified", "current__level"),
)


PROVENANCE = frozenset({"revision", "dataset", "mteb", "source", "verified", "results"})


def provenance_columns() -> list[tuple[str, django_tables2.Column]]:
    columns = [(name, django_tables2.Column(label, accessor=accessor)) for name, label, accessor in PROVENANCE_COLUMNS]
    return [*columns, ("results", django_tables2.Column("All results", accessor="n_results"))]
