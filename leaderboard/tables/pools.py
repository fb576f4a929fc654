"""The tables of languages, scripts and task types."""

from __future__ import annotations

import django_tables2
from django.urls import reverse
from django.utils.html import escape

from leaderboard.models import Scope
from leaderboard.selectors.boards import Kind
from leaderboard.selectors.language_boards import LanguageEntry
from leaderboard.selectors.pool_boards import PoolBoard, PoolRow, PoolTaskRow
from leaderboard.selectors.task_types import TypeEntry
from leaderboard.tables.base import PodiumTable, Rows, ScoreColumn
from leaderboard.tables.cells import CELLS, DASH, breakable, model_cell, rank_cell, score_text
from leaderboard.task_types import type_label


def source_query(scope: Scope) -> str:
    """What links must carry to stay in the scope."""
    return "" if scope == Scope.ALL else f"?source={scope}"


def model_link(name: str, query: str) -> str:
    if not name:
        return f'<td class="text">{DASH}'
    return f'<td class="text"><a href="{escape(reverse("model", args=[name]))}{query}">{escape(name)}</a>'


class PoolTable(PodiumTable):
    """The models of a pool."""

    first_columns_pinned = 2
    natural_order = "rank"
    text_columns = frozenset({"model"})
    rank = django_tables2.Column("Rank")
    model = django_tables2.Column("Model", accessor="name")
    win_rate = ScoreColumn("Win rate")
    done = ScoreColumn("Tasks done")
    mean = ScoreColumn("Mean of tasks done")
    borda = django_tables2.Column("Borda rank", accessor="borda_rank")

    def __init__(self, board: PoolBoard, *, scope: Scope, sort: str = "") -> None:
        self.source, self.n_counted = source_query(scope), board.n_counted
        self.shows_types = len(board.types) > 1
        types = [
            (f"type:{name}", ScoreColumn(type_label(name), accessor=f"type_means__{place}"))
            for place, name in enumerate(board.types if self.shows_types else ())
        ]
        facts = [
            ("parameters", django_tables2.Column("Parameters", accessor="n_parameters")),
            ("released", ScoreColumn("Released", accessor="release_date")),
        ]
        super().__init__(Rows(board.rows), order_by=[sort] if sort else None, extra_columns=[*types, *facts])

    def row(self, record: PoolRow) -> str:
        types = "".join(f"<td>{score_text(mean)}" for mean in record.type_means) if self.shows_types else ""
        return (
            f"<tr>{rank_cell(record.rank)}{model_cell(record.name, query=self.source)}"
            f"<td>{score_text(record.win_rate)}<td>{record.done}/{self.n_counted}<td>{score_text(record.mean)}"
            f"<td>{DASH if record.borda_rank is None else record.borda_rank}{types}"
            f"{CELLS[Kind.QUANTITY](record.n_parameters)}{CELLS[Kind.DATE](record.release_date)}"
        )


class PoolTaskTable(PodiumTable):
    """The tasks of a pool."""

    text_columns = frozenset({"task", "type", "counted", "leader"})
    task = django_tables2.Column("Task", accessor="name")
    type = django_tables2.Column("Type")
    n_models = ScoreColumn("Models")
    counted = ScoreColumn("Counts for the rank")
    best = ScoreColumn("Best")
    leader = django_tables2.Column("Best model")

    def __init__(self, board: PoolBoard, *, scope: Scope, sort: str = "") -> None:
        self.source = source_query(scope)
        super().__init__(Rows(board.tasks), order_by=[sort] if sort else None)

    def row(self, record: PoolTaskRow) -> str:
        counted = "yes" if record.counted else "no: too few models"
        return (
            f'<tr><th scope="row"><a href="{escape(reverse("task", args=[record.name]))}{self.source}">'
            f'{breakable(record.name)}</a></th><td class="text">{escape(type_label(record.type))}'
            f'<td>{record.n_models}<td class="text">{counted}<td>{score_text(record.best)}'
            f"{model_link(record.leader, self.source)}"
        )


class LanguageTable(PodiumTable):
    """The index of languages, or of scripts."""

    text_columns = frozenset({"name", "code", "leader"})
    name = django_tables2.Column("Language")
    code = django_tables2.Column("Code")
    n_tasks = ScoreColumn("Tasks")
    n_models = ScoreColumn("Models")
    leader = django_tables2.Column("First")

    def __init__(self, entries: list[LanguageEntry], *, scope: Scope, sort: str = "") -> None:
        self.source = source_query(scope)
        super().__init__(Rows(entries), order_by=[sort] if sort else None)

    def row(self, record: LanguageEntry) -> str:
        return (
            f'<tr><th scope="row"><a href="{escape(record.address)}{self.source}">{escape(record.name)}</a></th>'
            f'<td class="text"><code>{escape(record.code)}</code><td>{record.n_tasks}<td>{record.n_models}'
            f"{model_link(record.leader, self.source)}"
        )


class ScriptTable(LanguageTable):
    """The index of scripts."""

    name = django_tables2.Column("Script")


class TaskTypeTable(PodiumTable):
    """The index of task types."""

    text_columns = frozenset({"label", "what"})
    label = django_tables2.Column("Task type")
    what = django_tables2.Column("What is asked of the model")
    n_tasks = ScoreColumn("Tasks")
    n_run = ScoreColumn("With results")
    n_models = ScoreColumn("Models")

    def __init__(self, entries: list[TypeEntry], *, scope: Scope, sort: str = "") -> None:
        self.source = source_query(scope)
        super().__init__(Rows(entries), order_by=[sort] if sort else None)

    def row(self, record: TypeEntry) -> str:
        return (
            f'<tr><th scope="row"><a href="{escape(reverse("task_type", args=[record.name]))}{self.source}">'
            f'{escape(record.label)}</a></th><td class="text wrap">{escape(record.what)}'
            f"<td>{record.n_tasks}<td>{record.n_run}<td>{record.n_models}"
        )
