"""`manage.py bench --results PATH`: Podium beside the official board's own code, as a Markdown table."""

from __future__ import annotations

import os
import platform
import signal
import sys
import tempfile
from argparse import ArgumentParser, ArgumentTypeError
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from leaderboard.benchmarking import imports, pages, web
from leaderboard.benchmarking.database import BenchDatabase, bench_database
from leaderboard.benchmarking.mteb_side import MtebSide, python_with_server
from leaderboard.benchmarking.report import Line, markdown, seconds, write
from leaderboard.benchmarking.watching import BenchmarkFailed
from leaderboard.management.commands.check_parity import unpacked

PARTS = ("import", "web", "pages")
# The parts that ask mteb's server.
_SERVED = {"web", "pages"}


class Command(BaseCommand):
    help = "Measure the import, the web process and its pages beside mteb's own, on the same results, in one run."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--results", type=Path, required=True, metavar="PATH", help="a results archive or folder")
        parser.add_argument(
            "--only", type=parts, default=PARTS, metavar="PARTS", help="import, web, pages (default: all)"
        )
        parser.add_argument(
            "--output",
            default="-",
            metavar="PATH",
            help="a page whose table is replaced, such as docs/performance.md; - prints it (default)",
        )

    def handle(self, *args: Any, results: Path, only: tuple[str, ...], output: str, **options: Any) -> None:
        # Ended from outside, the command still stops its programs and drops its database.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            tables = self._measure(results.resolve(), only)
        except BenchmarkFailed as problem:
            raise CommandError(str(problem)) from problem
        except KeyboardInterrupt:
            self.stderr.write("Stopped; nothing of it is left.")
            sys.exit(130)
        for section, text in tables.items():
            if output == "-":
                self.stdout.write(text)
            else:
                write(text, Path(output), section)

    def _measure(self, results: Path, only: tuple[str, ...]) -> dict[str, str]:
        with tempfile.TemporaryDirectory(prefix="podium-bench-") as name:
            folder = Path(name)
            python = Path(sys.executable)
            if _SERVED & set(only):
                self._say("Looking for the packages of mteb's API server")
                python = python_with_server(settings.DATA_DIR / "bench-venv")
            mteb_side = MtebSide(python, folder / "mteb", folder / "mteb.log")
            self._say(f"Reading {results}")
            with unpacked(results) as files, bench_database(folder / "podium.log") as database:
                os.sync()  # What was just unpacked is written to the disk now, not while somebody is measured.
                sections = self._lines(results, files, database, mteb_side, folder, only)
                facts = _facts(results, database)
                return {section: markdown(lines, facts) for section, lines in sections.items() if lines}

    def _lines(
        self,
        results: Path,
        files: Path,
        database: BenchDatabase,
        mteb_side: MtebSide,
        folder: Path,
        only: tuple[str, ...],
    ) -> dict[str, list[Line]]:
        lines: list[Line] = []
        of_pages: list[Line] = []
        log = folder / "podium.log"
        self._say("mteb reads the folder")
        theirs = mteb_side.load(files, for_server=bool(_SERVED & set(only)))
        self._say(f"mteb: {seconds(theirs.seconds)} for {theirs.n_cells:,} cells")
        kinds = {"archive": results, "unpacked folder": files} if results.is_file() else {"folder": results}
        for kind, location in list(kinds.items())[: None if "import" in only else 1]:
            self._say(f"Podium imports the {kind}")
            first = imports.measure_first(location, database, log)
            self._say(f"Podium: {seconds(first.run.seconds)}")
            if "import" in only:
                again = imports.measure_again(location, database, log)
                self._say(f"Podium, again: {seconds(again.seconds)}")
                lines += [*imports.first_lines(kind, first, theirs), imports.again_line(kind, again, first)]
        if "web" in only:
            lines += web.measure(database, mteb_side, folder, self._say)
        if "pages" in only:
            of_pages = pages.measure(database, mteb_side, folder, self._say)
        return {"start": lines, "pages": of_pages}

    def _say(self, what: str) -> None:
        self.stderr.write(what)
        self.stderr.flush()


def parts(text: str) -> tuple[str, ...]:
    """The parts of a comma-separated list. Raises ArgumentTypeError for an unknown one."""
    wanted = tuple(text.split(","))
    if not set(wanted) <= set(PARTS):
        raise ArgumentTypeError(f"it takes {', '.join(PARTS)}, with commas between them.")
    return wanted


def _facts(results: Path, database: BenchDatabase) -> dict[str, str]:
    return {
        "Measured": f"{datetime.now(UTC):%Y-%m-%d}",
        "Results": results.name,
        "Cores": str(os.cpu_count()),
        "Memory": f"{psutil.virtual_memory().total / 1e9:.0f} GB",
        "System": f"{platform.system()} {platform.machine()}",
        "Python": platform.python_version(),
        "mteb": version("mteb"),
        "PostgreSQL": database.server_version(),
    }
