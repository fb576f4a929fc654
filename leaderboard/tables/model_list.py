"""The table of the index of models."""

from __future__ import annotations

import django_tables2
from django.utils.html import escape

from leaderboard.models import Scope
from leaderboard.selectors.boards import Kind
from leaderboard.selectors.model_list import ModelEntry
from leaderboard.tables.base import PodiumTable, Rows, ScoreColumn
from leaderboard.tables.cells import CELLS, UNKNOWN, model_cell
from leaderboard.tables.pools import source_query
from leaderboard.wording import license_text


class ModelListTable(PodiumTable):
    """Every model with what is known of it."""

    text_columns = frozenset({"name", "license"})
    name = django_tables2.Column("Model")
    n_tasks = ScoreColumn("Tasks")
    n_parameters = django_tables2.Column("Parameters", accessor="facts__n_parameters")
    embed_dim = django_tables2.Column("Dimensions", accessor="facts__embed_dim")
    max_tokens = ScoreColumn("Max tokens", accessor="facts__max_tokens")
    license = django_tables2.Column("Licence")
    release_date = ScoreColumn("Released", accessor="facts__release_date")

    def __init__(self, entries: list[ModelEntry], *, scope: Scope, sort: str = "") -> None:
        self.source = source_query(scope)
        super().__init__(Rows(entries), order_by=[sort] if sort else None)

    def row(self, record: ModelEntry) -> str:
        facts = record.facts
        licence = f'<td class="text">{escape(license_text(record.license))}' if record.license else UNKNOWN
        return (
            f"<tr>{model_cell(facts.name, query=self.source)}<td>{record.n_tasks:,}"
            f"{CELLS[Kind.QUANTITY](facts.n_parameters)}{CELLS[Kind.COUNT](facts.embed_dim)}"
            f"{CELLS[Kind.COUNT](facts.max_tokens)}{licence}{CELLS[Kind.DATE](facts.release_date)}"
        )
