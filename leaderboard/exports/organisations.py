"""The tables of an organisation as sheets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from leaderboard.exports.columns import Sheet, SheetColumn, ValueKind
from leaderboard.selectors.organisations import Organisation, OrganisationModel, Placement


def organisation_sheet(
    organisation: Organisation, rows: Sequence[OrganisationModel] | Sequence[Placement], *, address: str
) -> Sheet:
    """The models or the placements, in the order given."""
    placements = [row for row in rows if isinstance(row, Placement)]
    if placements:
        return _sheet(organisation, "best placements", _PLACEMENT, map(_placement, placements), address)
    models = [row for row in rows if isinstance(row, OrganisationModel)]
    return _sheet(organisation, "models", _MODEL, map(_model, models), address)


def _sheet(organisation: Organisation, what: str, columns: Sequence[SheetColumn], rows: Any, address: str) -> Sheet:
    title = f"{organisation.name}: {what}"
    return Sheet(title, title, f"The {what} of {organisation.name}.", address, columns, rows)


_PLACEMENT = [
    SheetColumn("board", "Board", ValueKind.TEXT),
    SheetColumn("rank", "Best rank", ValueKind.INTEGER),
    SheetColumn("n_rows", "Of", ValueKind.INTEGER),
    SheetColumn("model", "Model", ValueKind.TEXT),
    SheetColumn("variant", "Variant", ValueKind.TEXT),
]
_MODEL = [
    SheetColumn("model", "Model", ValueKind.TEXT),
    SheetColumn("n_parameters", "Parameters", ValueKind.INTEGER),
    SheetColumn("release_date", "Released", ValueKind.DATE),
    SheetColumn("license", "Licence", ValueKind.TEXT),
    SheetColumn("open_weights", "Open weights", ValueKind.FLAG),
    SheetColumn("best_rank", "Best rank", ValueKind.INTEGER),
    SheetColumn("best_of", "Of", ValueKind.INTEGER),
    SheetColumn("best_board", "Board of the best rank", ValueKind.TEXT),
    SheetColumn("n_boards", "Boards", ValueKind.INTEGER),
    SheetColumn("n_led", "Boards led", ValueKind.INTEGER),
]


def _placement(row: Placement) -> list[Any]:
    return [row.board_name, row.rank, row.n_rows, row.model, row.experiment_id or None]


def _model(row: OrganisationModel) -> list[Any]:
    best = (row.best.rank, row.best.n_rows, row.best.board_name) if row.best else (None, None, None)
    facts = [row.name, row.n_parameters, row.release_date, row.license, row.open_weights]
    return [*facts, *best, row.n_boards, row.n_led]
