"""The table of a model's results."""

from __future__ import annotations

from itertools import groupby

import django_tables2
from django.urls import reverse
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import slugify

from leaderboard.models import Scope
from leaderboard.selectors.model_metas import ModelScore
from leaderboard.tables.base import PodiumTable, Rows, ScoreColumn
from leaderboard.tables.cells import breakable, score_text, spaced
from leaderboard.tables.provenance import PROVENANCE, provenance_cells, provenance_columns, results_cell


class ModelScoreTable(PodiumTable):
    """A model's current results, one block of rows per task type."""

    text_columns = PROVENANCE | {"task"}
    task = django_tables2.Column("Task", accessor="current__task_name")
    score = ScoreColumn("Score", accessor="current__score")
    cells = ScoreColumn("Cells", accessor="current__n_cells")

    def __init__(self, scores: list[ModelScore], *, scope: Scope, sort: str = "") -> None:
        self.source = "" if scope == Scope.ALL else f"?source={scope}"
        super().__init__(Rows(scores), order_by=[sort] if sort else None, extra_columns=provenance_columns())

    @property
    def groups(self) -> list[str]:
        return sorted({record.current.task_type for record in self.records()})

    def body(self) -> SafeString:
        by_type = sorted(self.records(), key=lambda record: record.current.task_type)
        groups = ((name, list(group)) for name, group in groupby(by_type, lambda record: record.current.task_type))
        return mark_safe("".join(self._group(name, records) for name, records in groups))  # noqa: S308

    def _group(self, task_type: str, records: list[ModelScore]) -> str:
        count = f"{len(records)} task{'s' if len(records) != 1 else ''}"
        head = f'<th colspan="{len(self.columns)}" scope="rowgroup" id="{escape(slugify(task_type))}">'
        rows = "".join(self.row(record) for record in records)
        title = f"<span>{escape(spaced(task_type))} <small>{count}</small></span>"
        return f'<tbody><tr class="group">{head}{title}</th>{rows}</tbody>'

    def row(self, record: ModelScore) -> str:
        current = record.current
        mark = '<abbr class="mark" title="trained on this task\'s data">‡</abbr>' if record.contaminated else ""
        variant = f'<span class="variant">{escape(current.experiment_id)}</span>' if current.experiment_id else ""
        return (
            f'<tr><th scope="row"><a href="{escape(reverse("task", args=[current.task_name]))}{self.source}">'
            f"{breakable(current.task_name)}</a>{variant}</th><td>{score_text(current.score)}{mark}<td>{current.n_cells}"
            f"{provenance_cells(current)}{results_cell(current.model_name, current.task_name, record.n_results)}"
        )
