"""`manage.py import_report`: the latest imports, and every file that could not be used with the reason."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from leaderboard.models import ImportedFile, ResultSource


class Command(BaseCommand):
    help = "List the latest import of each source and every file that could not be used, with the reason."

    def handle(self, *args: Any, **options: Any) -> None:
        sources = ResultSource.objects.filter(import_runs__isnull=False).distinct().order_by("name")
        if not sources:
            self.stdout.write("Nothing was imported yet: run manage.py import_results PATH.")
        for source in sources:
            run = source.import_runs.latest("started_at")
            self.stdout.write(
                f"{source}: {run.state} {run.started_at:%Y-%m-%d %H:%M} from {run.location}: {run.n_files} files, "
                f"{run.n_new} new, {run.n_unchanged} unchanged, {run.n_gone} gone, {run.n_skipped} not usable"
            )
            if run.message:
                self.stdout.write(f"  {run.message}")
            refused = ImportedFile.objects.filter(source=source, result__isnull=True, present=True).order_by("path")
            for path, reason in refused.values_list("path", "reason").iterator():
                self.stdout.write(f"  {path}: {reason}")
