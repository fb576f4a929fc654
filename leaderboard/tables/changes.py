"""The table of who moved on which board."""

from __future__ import annotations

from collections.abc import Iterable

from django.urls import reverse
from django.utils.html import escape
from django.utils.http import urlencode
from django.utils.safestring import SafeString, mark_safe

from leaderboard.models import Scope
from leaderboard.rank_moves import Move, Reason, Standing
from leaderboard.selectors.changes import BoardChange
from leaderboard.tables.cells import DASH, model_cell, score_text

MOVES_SHOWN = 5
"""Of each board, where several boards share a page."""


def moves_body(changes: Iterable[BoardChange], *, scope: Scope, shown: int = MOVES_SHOWN) -> SafeString:
    """One block of rows for each board, under a head that sums up what happened there."""
    return mark_safe("".join(_board(change, scope, shown) for change in changes))  # noqa: S308


def moves_rows(moves: Iterable[Move], *, scope: Scope) -> SafeString:
    """The rows alone, for the page of one board."""
    return mark_safe(f"<tbody>{''.join(_move(move, source_query(scope)) for move in moves)}</tbody>")  # noqa: S308


def source_query(scope: Scope) -> str:
    """What a link appends to stay among official results."""
    return "" if scope == Scope.ALL else f"?source={scope.value}"


def _board(change: BoardChange, scope: Scope, shown: int) -> str:
    rows = "".join(_move(move, source_query(scope)) for move in change.moves[:shown])
    return f'<tbody><tr class="group"><th colspan="6" scope="rowgroup">{_head(change, scope, shown)}</th>{rows}</tbody>'


def _head(change: BoardChange, scope: Scope, shown: int) -> str:
    benchmark, snapshot = change.benchmark, change.snapshot
    parameters = {"day": snapshot.day.isoformat(), "board": benchmark.slug}
    if scope == Scope.OFFICIAL:
        parameters["source"] = scope.value
    more = len(change.moves) - shown
    link = f"{more} more and all moves" if more > 0 else "All moves"
    title = escape(benchmark.title)
    name = f" <code>{escape(benchmark.name)}</code>" if benchmark.name != benchmark.title else ""
    return (
        f'<span><a href="{escape(reverse("benchmark", args=[benchmark.slug]))}{source_query(scope)}">{title}</a>{name} '
        f"<small>{escape(pushes_text(change))}</small> "
        f'<a class="more-moves" href="{reverse("changes")}?{escape(urlencode(parameters))}">{link}'
        f'<span class="visually-hidden"> of {escape(benchmark.name)}</span></a></span>'
    )


def pushes_text(change: BoardChange) -> str:
    """How many models the board has, and how many others were only pushed about."""
    text = f"{change.snapshot.n_rows:,} models"
    if change.n_pushed:
        places = "place" if change.furthest_push == 1 else "places"
        text += f"; {change.n_pushed:,} shifted by up to {change.furthest_push} {places} because others moved"
    return text


def _move(move: Move, query: str) -> str:
    return (
        f"<tr>{model_cell(move.model_name, move.experiment_id, query=query)}"
        f"{_rank(move.before)}{_rank(move.now)}<td>{change_text(move)}<td>{_mean(move.now)}"
        f'<td class="text">{escape(reason_text(move))}'
    )


def _rank(standing: Standing | None) -> str:
    return f'<td><abbr title="not on the board">{DASH}</abbr>' if standing is None else f"<td>{standing.rank}"


def _mean(standing: Standing | None) -> str:
    if standing is None or standing.mean is None:
        return f'<abbr title="blank">{DASH}</abbr>'
    return score_text(standing.mean)


def change_text(move: Move) -> SafeString:
    """An arrow and how many places, or in a word that the row came or went."""
    if move.before is None:
        html = '<span class="climb">entered</span>'
    elif move.now is None:
        html = '<span class="fall">left</span>'
    else:
        kind, arrow, word = ("climb", "▲", "up") if move.climbed > 0 else ("fall", "▼", "down")
        html = (
            f'<span class="{kind}"><span aria-hidden="true">{arrow}</span>'
            f'<span class="visually-hidden">{word}</span> {abs(move.climbed)}</span>'
        )
    return mark_safe(html)  # noqa: S308


def reason_text(move: Move) -> str:
    if move.reason != Reason.RESULTS:
        return str(move.reason)
    return f"{move.n_results:,} new result{'s' if move.n_results != 1 else ''} of its own"
