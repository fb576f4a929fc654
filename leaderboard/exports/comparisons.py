"""The tasks of a comparison as a sheet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from leaderboard.comparison import FEWEST
from leaderboard.exports.columns import Sheet, SheetColumn, ValueKind
from leaderboard.selectors.comparisons import ComparedTask, Entrant
from leaderboard.tables.comparisons import difference_label


def comparison_sheet(
    tasks: Iterable[ComparedTask], entrants: Sequence[Entrant], *, percentiles: bool, description: str, address: str
) -> Sheet:
    """The tasks in the order given, with what the page shows of each; a percentile only where the page has it."""
    names = [f"{entrant.letter}: {entrant.name}" for entrant in entrants]
    letters = [entrant.letter.lower() for entrant in entrants]
    columns = [
        SheetColumn("task", "Task", ValueKind.TEXT),
        SheetColumn("task_type", "Task type", ValueKind.TEXT),
        *(SheetColumn(letter, name, ValueKind.SCORE) for letter, name in zip(letters, names, strict=True)),
        SheetColumn("difference", difference_label(len(entrants)), ValueKind.SCORE),
        *(
            SheetColumn(f"percentile_{letter}", f"Percentile of {letter.upper()}", ValueKind.PERCENT)
            for letter in letters
            if percentiles
        ),
        *(SheetColumn(f"seen_{letter}", f"{letter.upper()} trained on its data", ValueKind.FLAG) for letter in letters),
    ]
    return Sheet(
        name="-".join(["compare", *(entrant.short_name for entrant in entrants[:FEWEST])]),
        title=" and ".join(str(entrant.name) for entrant in entrants),
        description=description,
        address=address,
        columns=columns,
        rows=(_row(task, entrants, percentiles=percentiles) for task in tasks),
    )


def _row(task: ComparedTask, entrants: Sequence[Entrant], *, percentiles: bool) -> list[Any]:
    return [
        task.name,
        task.type,
        *task.scores,
        task.difference,
        *(task.percentiles if percentiles else ()),
        *(_is_seen(entrant, task.name) for entrant in entrants),
    ]


def _is_seen(entrant: Entrant, task_name: str) -> bool | None:
    """None where the training data is not disclosed."""
    return None if entrant.facts.contaminated_tasks is None else task_name in entrant.contaminated
