"""The index of models as a sheet."""

from __future__ import annotations

from collections.abc import Iterable

from leaderboard.exports.columns import Sheet, SheetColumn, ValueKind
from leaderboard.selectors.model_list import ModelEntry

_COLUMNS = (
    SheetColumn("model", "Model", ValueKind.TEXT),
    SheetColumn("n_tasks", "Tasks", ValueKind.INTEGER),
    SheetColumn("n_parameters", "Parameters", ValueKind.INTEGER),
    SheetColumn("embed_dim", "Dimensions", ValueKind.INTEGER),
    SheetColumn("max_tokens", "Max tokens", ValueKind.INTEGER),
    SheetColumn("license", "Licence", ValueKind.TEXT),
    SheetColumn("commercial_use", "Commercial use", ValueKind.FLAG),
    SheetColumn("open_weights", "Open weights", ValueKind.FLAG),
    SheetColumn("release_date", "Released", ValueKind.DATE),
)


def model_list_sheet(entries: Iterable[ModelEntry], *, about: str, address: str) -> Sheet:
    """The models, in the order given."""
    rows = (
        [
            entry.facts.name,
            entry.n_tasks,
            entry.facts.n_parameters,
            entry.facts.embed_dim,
            entry.facts.max_tokens,
            entry.license,
            entry.facts.commercial_use,
            entry.facts.open_weights,
            entry.facts.release_date,
        ]
        for entry in entries
    )
    return Sheet("models", "Models", about, address, list(_COLUMNS), rows)
