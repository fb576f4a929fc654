"""`manage.py check_files`: whether what lies beside the database is there, above all after a restore."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from submissions.selectors.kept_files import missing_files


class Command(BaseCommand):
    help = "Says which folders of datasets, files of predictions and keys are missing that the database relies on."

    def handle(self, *args: Any, **options: Any) -> None:
        if missing := missing_files():
            raise CommandError("\n".join([*missing, "Bring them back from the backup; docs/operations.md says how."]))
        self.stdout.write("Everything that the database relies on is there.")
