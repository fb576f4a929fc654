"""`manage.py import_results PATH|URL`: results in the layout of the official repository."""

from __future__ import annotations

import os
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from leaderboard.importing.sources import SourceError, open_source
from leaderboard.models import Benchmark, ImportRun, ResultSource, SourceKind
from leaderboard.services.imports import ImportFailed, import_results


class Command(BaseCommand):
    help = (
        "Import results from a folder, a .tar.zst or .tar.gz archive, or a git address. Repeating it costs little "
        "and changes nothing; a newer state of the same source replaces the older one on the boards."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("location", metavar="PATH|URL")
        parser.add_argument(
            "--jobs", type=int, default=os.cpu_count() or 1, help="worker processes (default: one a core)"
        )
        parser.add_argument(
            "--source",
            default="official",
            help="name of the source; imports of one name succeed each other (default: %(default)s)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["jobs"] < 1:
            raise CommandError("--jobs takes a whole number from 1.")
        if not Benchmark.objects.exists():
            raise CommandError("There is no registry yet: run manage.py sync_registry first.")
        result_source, _ = ResultSource.objects.get_or_create(
            name=options["source"], defaults={"kind": SourceKind.OFFICIAL}
        )
        if result_source.kind != SourceKind.OFFICIAL:
            raise CommandError(f"{result_source} is a source of another kind: choose another --source.")
        try:
            run = self._import(result_source, options["location"], options["jobs"])
        except (SourceError, ImportFailed) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(describe(run))

    def _import(self, result_source: ResultSource, location: str, jobs: int) -> ImportRun:
        with Console(stderr=True).status(f"Opening {location}"):
            source = open_source(location, settings.DATA_DIR / "sources")
        columns = TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn()
        with Progress(*columns, console=Console(stderr=True)) as bar:
            reading = bar.add_task("Reading results", total=source.size)

            def publishing() -> None:
                bar.update(reading, completed=source.size)
                bar.add_task("Computing the boards", total=None)

            return import_results(
                source=source,
                result_source=result_source,
                location=location,
                jobs=jobs,
                progress=lambda amount: bar.advance(reading, amount),
                publishing=publishing,
            )


def describe(run: ImportRun) -> str:
    """One line of counts, and where to read on."""
    counts = f"{run.n_new} new, {run.n_unchanged} unchanged, {run.n_gone} gone, {run.n_skipped} not usable"
    line = f"{run.n_files} files: {counts}."
    return f"{line} See manage.py import_report for the reasons." if run.n_skipped else line
