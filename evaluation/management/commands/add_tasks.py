"""Puts a folder with custom tasks on the board."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from evaluation.custom_tasks import CustomTaskError, read_benchmark_folder
from evaluation.registration import RegistrationRefused, register_benchmark


class Command(BaseCommand):
    help = (
        "Checks a benchmark folder (docs/custom-tasks.md) and adds its tasks and its benchmark to the board, or "
        "updates them. Nothing is changed unless everything is in order."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "folder", type=Path, metavar="FOLDER", help="folder with benchmark.toml and the task folders"
        )
        parser.add_argument("--check", action="store_true", help="only check the folder")

    def handle(self, *args: Any, folder: Path, check: bool, **options: Any) -> None:
        try:
            definition = read_benchmark_folder(folder)
            if check:
                self.stdout.write(f"{definition.name}: {len(definition.tasks)} tasks, all in order.")
                return
            registration = register_benchmark(definition=definition)
        except (CustomTaskError, RegistrationRefused) as problem:
            raise CommandError(f"Nothing was added from {folder}.\n{problem}") from None
        for sentence in registration.changes:
            self.stdout.write(sentence)
        if not registration.changes:
            self.stdout.write(f"{definition.name}: {len(definition.tasks)} tasks, nothing has changed.")
