"""Tables and progress in a terminal."""

from __future__ import annotations

import sys
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

_WIDTH_OF_FILES = 240


def print_table(out: Any, table: Table) -> None:
    """As wide as the terminal; into a file or a pipe as wide as it has to be."""
    Console(file=out, width=None if sys.stdout.isatty() else _WIDTH_OF_FILES).print(table)


def progress_bar(out: Any) -> Progress:
    """A bar at the foot of standard error, below what its console prints; nothing where `out` is no terminal."""
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        disable=not out.isatty(),
    )


def bar(done: int, total: int, width: int = 10) -> str:
    """██████░░░░ 5/8"""
    filled = width * done // total if total else 0
    return f"{'█' * filled}{'░' * (width - filled)} {done}/{total}"
