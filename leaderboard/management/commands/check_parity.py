"""`manage.py check_parity --results PATH [BENCHMARK ...]`: the database against the official board's own code."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import orjson
import zstandard
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console

from leaderboard.models import Scope
from leaderboard.parity import differences
from leaderboard.selectors.rankings import (
    UnknownBenchmark,
    find_benchmark,
    language_parity_tables,
    parity_tables,
)

_SHOWN = 20


class Command(BaseCommand):
    help = (
        "Compare the boards in the database with the tables that mteb itself makes of the same result files. "
        "Exits with 1 on any difference."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("benchmarks", nargs="*", metavar="BENCHMARK")
        parser.add_argument("--results", required=True, metavar="PATH", help="folder or archive that was imported")
        parser.add_argument("--language", metavar="CODE", help="compare the boards filtered to it, such as deu-Latn")
        parser.add_argument("--source", choices=Scope.values, default=Scope.OFFICIAL, help="default: %(default)s")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            names = [find_benchmark(name).name for name in options["benchmarks"]]
        except UnknownBenchmark as error:
            raise CommandError(str(error)) from error
        scope = Scope(options["source"])
        n_boards = n_rows = n_different = 0
        waiting = Console(stderr=True).status("mteb reads the results; minutes for the whole archive")
        with waiting, unpacked(Path(options["results"])) as folder:
            for official in official_tables(folder, names, options["language"]):
                ours = _our_tables(official["benchmark"], scope, options["language"])
                found = list(differences(official, ours))
                n_boards, n_rows, n_different = (
                    n_boards + 1,
                    n_rows + len(official["summary"]),
                    n_different + len(found),
                )
                self._report(official["benchmark"], len(official["summary"]), found)
        self.stdout.write(f"{n_boards} benchmarks, {n_rows} rows, {n_different} differences.")
        if n_different:
            raise CommandError("The boards differ from the official ones.")
        if not n_boards:
            raise CommandError("mteb made no table of these results, so nothing was compared.")

    def _report(self, benchmark: str, n_rows: int, found: list[str]) -> None:
        self.stdout.write(f"{benchmark}: {n_rows} rows, {f'{len(found)} differences' if found else 'equal'}")
        for sentence in islice(found, _SHOWN):
            self.stdout.write(f"  {sentence}")


@contextmanager
def unpacked(path: Path) -> Iterator[Path]:
    """A folder that holds `results/`; an archive is unpacked for the time being."""
    if not path.exists():
        raise CommandError(f"There is nothing at {path}: give the folder or archive that was imported.")
    if path.is_dir():
        yield path if (path / "results").is_dir() else path.parent
        return
    with tempfile.TemporaryDirectory(prefix="podium-parity-") as folder, path.open("rb") as raw:
        stream: Any = zstandard.ZstdDecompressor().stream_reader(raw) if path.suffix == ".zst" else raw
        mode = "r|" if path.suffix == ".zst" else "r|*"
        with tarfile.open(fileobj=stream, mode=mode) as archive:  # type: ignore[call-overload]
            archive.extractall(folder, filter="data")
        yield Path(folder)


def _our_tables(benchmark: str, scope: Scope, language: str | None) -> dict[str, list[dict[str, Any]]]:
    found = find_benchmark(benchmark)
    return language_parity_tables(found, scope, language) if language else parity_tables(found, scope)


def official_tables(folder: Path, names: list[str], language: str | None = None) -> Iterator[dict[str, Any]]:
    """The tables of `leaderboard.official`, from an offline process of its own whose only cache is the folder."""
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "MTEB_CACHE": str(folder)}
    command = [sys.executable, "-m", "leaderboard.official", str(folder), *names]
    command += ["--language", language] if language else []
    with (
        tempfile.TemporaryFile() as errors,
        subprocess.Popen(
            command,
            cwd=settings.BASE_DIR,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
        ) as process,
    ):
        yield from map(orjson.loads, process.stdout or ())
        if process.wait():
            errors.seek(0)
            last_line = errors.read().decode(errors="replace").strip().rpartition("\n")[2]
            raise CommandError(f"mteb could not read the results: {last_line}")
