"""`manage.py dump`: everything as documented Parquet files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.template.defaultfilters import filesizeformat

from leaderboard.exports.dump import DumpFile, DumpRefused, dumps_folder, write_dump


class Command(BaseCommand):
    help = (
        "Write all models, tasks, benchmarks, results, cells and boards as Parquet, with a README.md that explains "
        "every column. The dump is a new folder in DIR, which appears when it is whole; the newest two are kept."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--output", type=Path, metavar="DIR", help="default: the folder whose newest dump the page /data/ offers"
        )

    def handle(self, *args: Any, output: Path | None, **options: Any) -> None:
        try:
            dump = write_dump(output or dumps_folder(), self._report)
        except DumpRefused as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{dump.folder}: {filesizeformat(dump.n_bytes)}, data version {dump.data_version}")

    def _report(self, file: DumpFile) -> None:
        self.stdout.write(f"{file.name:<24} {file.n_rows:>11,} rows  {filesizeformat(file.n_bytes):>10}")
