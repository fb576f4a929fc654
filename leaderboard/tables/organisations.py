"""The tables of organisations."""

from __future__ import annotations

import django_tables2
from django.urls import reverse
from django.utils.html import escape

from leaderboard.models import Scope
from leaderboard.selectors.boards import Kind
from leaderboard.selectors.organisations import Organisation, OrganisationEntry, OrganisationModel, Placement
from leaderboard.tables.base import PodiumTable, Rows, ScoreColumn
from leaderboard.tables.cells import CELLS, DASH, breakable, model_cell
from leaderboard.tables.pools import source_query


class OrganisationTable(PodiumTable):
    """The index of organisations."""

    name = django_tables2.Column("Organisation")
    n_models = ScoreColumn("Models")
    n_on_boards = ScoreColumn("On boards")
    n_led = ScoreColumn("Boards led")
    latest = ScoreColumn("Latest release")

    def __init__(self, entries: list[OrganisationEntry], *, scope: Scope, sort: str = "") -> None:
        self.source = source_query(scope)
        super().__init__(Rows(entries), order_by=[sort] if sort else None)

    def row(self, record: OrganisationEntry) -> str:
        address = escape(reverse("organisation", args=[record.name]))
        return (
            f'<tr><th scope="row"><a href="{address}{self.source}">{breakable(record.name)}</a></th>'
            f"<td>{record.n_models}<td>{record.n_on_boards}<td>{record.n_led}{CELLS[Kind.DATE](record.latest)}"
        )


class OrganisationModelTable(PodiumTable):
    """The models of an organisation."""

    text_columns = frozenset({"name", "license", "open_weights", "best"})
    natural_order = "best"
    name = django_tables2.Column("Model")
    n_parameters = django_tables2.Column("Parameters")
    release_date = ScoreColumn("Released")
    license = django_tables2.Column("Licence")
    open_weights = ScoreColumn("Weights")
    best = django_tables2.Column("Best rank", accessor="best_rank")
    n_boards = ScoreColumn("Boards")
    n_led = ScoreColumn("Led")

    def __init__(self, organisation: Organisation, *, scope: Scope, sort: str = "") -> None:
        self.source = source_query(scope)
        super().__init__(Rows(organisation.models), order_by=[sort] if sort else None)

    def row(self, record: OrganisationModel) -> str:
        return (
            f"<tr>{model_cell(record.name, query=self.source)}{CELLS[Kind.QUANTITY](record.n_parameters)}"
            f"{CELLS[Kind.DATE](record.release_date)}{_text(record.license)}{_weights(record.open_weights)}"
            f'<td class="text">{self._best(record.best)}<td>{record.n_boards}<td>{record.n_led}'
        )

    def _best(self, best: Placement | None) -> str:
        return f'<abbr title="on no board">{DASH}</abbr>' if best is None else _placement(best, self.source)


class PlacementTable(PodiumTable):
    """The best placement of an organisation on each board."""

    text_columns = frozenset({"board", "model"})
    board = django_tables2.Column("Board")
    rank = django_tables2.Column("Best rank")
    n_rows = ScoreColumn("Of")
    model = django_tables2.Column("Model")

    def __init__(self, organisation: Organisation, *, scope: Scope, sort: str = "") -> None:
        self.source = source_query(scope)
        super().__init__(Rows(organisation.placements), order_by=[sort] if sort else None)

    def row(self, record: Placement) -> str:
        other = f"<small>{escape(record.board_name)}</small>" if record.board_name != record.board else ""
        variant = f'<span class="variant">{escape(record.experiment_id)}</span>' if record.experiment_id else ""
        model = escape(reverse("model", args=[record.model]))
        return (
            f'<tr><th scope="row"><a href="{escape(reverse("benchmark", args=[record.slug]))}{self.source}">'
            f"{escape(record.board)}</a>{other}</th><td>{_medal(record.rank)}<td>{record.n_rows}"
            f'<td class="text"><a href="{model}{self.source}">{escape(record.model)}</a>{variant}'
        )


def _medal(rank: int) -> str:
    return f'<span class="medal-{rank}">{rank}</span>' if rank <= 3 else str(rank)


def _placement(placement: Placement, query: str) -> str:
    address = escape(reverse("benchmark", args=[placement.slug]))
    return f'{_medal(placement.rank)} of {placement.n_rows} on <a href="{address}{query}">{escape(placement.board)}</a>'


def _weights(are_open: bool | None) -> str:
    return _text(None if are_open is None else "open" if are_open else "closed")


def _text(text: str | None) -> str:
    return '<td class="text unknown">unknown' if text is None else f'<td class="text">{escape(text)}'
