"""The tables of languages, scripts and task types as sheets."""

from __future__ import annotations

from collections.abc import Iterable

from leaderboard.exports.columns import Sheet, SheetColumn, ValueKind
from leaderboard.selectors.language_boards import LanguageEntry
from leaderboard.selectors.pool_boards import PoolBoard, PoolRow, PoolTaskRow


def pool_sheet(board: PoolBoard, rows: Iterable[PoolRow], *, title: str, about: str, address: str) -> Sheet:
    """The models, in the order given."""
    columns = [
        SheetColumn("rank", "Rank", ValueKind.INTEGER),
        SheetColumn("model", "Model", ValueKind.TEXT),
        SheetColumn("win_rate", "Win rate", ValueKind.SCORE),
        SheetColumn("done", "Tasks done", ValueKind.INTEGER),
        SheetColumn("of_tasks", "Tasks that count", ValueKind.INTEGER),
        SheetColumn("mean", "Mean of tasks done", ValueKind.SCORE),
        SheetColumn("borda_rank", "Borda rank", ValueKind.INTEGER),
        *(SheetColumn(f"type:{name}", name, ValueKind.SCORE) for name in board.types),
        SheetColumn("n_parameters", "Parameters", ValueKind.INTEGER),
        SheetColumn("release_date", "Released", ValueKind.DATE),
    ]
    values = (
        [
            row.rank,
            row.name,
            row.win_rate,
            row.done,
            board.n_counted,
            row.mean,
            row.borda_rank,
            *row.type_means,
            row.n_parameters,
            row.release_date,
        ]
        for row in rows
    )
    return Sheet(title, title, about, address, columns, values)


def pool_task_sheet(rows: Iterable[PoolTaskRow], *, title: str, about: str, address: str) -> Sheet:
    """The tasks, in the order given."""
    columns = [
        SheetColumn("task", "Task", ValueKind.TEXT),
        SheetColumn("type", "Type", ValueKind.TEXT),
        SheetColumn("n_models", "Models", ValueKind.INTEGER),
        SheetColumn("counted", "Counts for the rank", ValueKind.FLAG),
        SheetColumn("best", "Best", ValueKind.SCORE),
        SheetColumn("leader", "Best model", ValueKind.TEXT),
    ]
    values = ([row.name, row.type, row.n_models, row.counted, row.best, row.leader or None] for row in rows)
    return Sheet(f"{title} tasks", f"Tasks: {title}", about, address, columns, values)


def language_sheet(entries: Iterable[LanguageEntry], *, title: str, about: str, address: str) -> Sheet:
    """The index of languages or scripts, in the order given."""
    columns = [
        SheetColumn("code", "Code", ValueKind.TEXT),
        SheetColumn("name", "Name", ValueKind.TEXT),
        SheetColumn("n_tasks", "Tasks", ValueKind.INTEGER),
        SheetColumn("n_models", "Models", ValueKind.INTEGER),
        SheetColumn("leader", "First", ValueKind.TEXT),
    ]
    values = ([entry.code, entry.name, entry.n_tasks, entry.n_models, entry.leader or None] for entry in entries)
    return Sheet(title, title, about, address, columns, values)
