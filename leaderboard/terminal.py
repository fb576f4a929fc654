"""Tables in a terminal."""

from __future__ import annotations

import sys
from typing import Any

from rich.console import Console
from rich.table import Table

_WIDTH_OF_FILES = 240


def print_table(out: Any, table: Table) -> None:
    """As wide as the terminal; into a file or a pipe as wide as it has to be."""
    Console(file=out, width=None if sys.stdout.isatty() else _WIDTH_OF_FILES).print(table)


def bar(done: int, total: int, width: int = 10) -> str:
    """██████░░░░ 5/8"""
    filled = width * done // total if total else 0
    return f"{'█' * filled}{'░' * (width - filled)} {done}/{total}"
