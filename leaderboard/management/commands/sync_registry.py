"""`manage.py sync_registry`: tasks, benchmarks and models from the installed mteb."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console

from leaderboard.services.boards import publish_all_boards
from leaderboard.services.registry import Changes, NameTaken, RegistryUnavailable, read_registry, sync_registry

_SHOWN = 10


class Command(BaseCommand):
    help = "Bring tasks, benchmarks and models of the installed mteb into the database and say what changed."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with Console(stderr=True).status("Reading the registry of mteb"):
                report = sync_registry(registry=read_registry())
        except (RegistryUnavailable, NameTaken) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Registry of mteb {report.mteb_version}:")
        for noun, changes in (
            ("tasks", report.tasks),
            ("benchmarks", report.benchmarks),
            ("models", report.model_metas),
            ("languages", report.languages),
        ):
            self.stdout.write(f"  {noun}: {describe(changes)}")
        if report:
            with Console(stderr=True).status("Computing the boards"):
                publish_all_boards()


def describe(changes: Changes) -> str:
    """One line: counts, and names where they are few."""
    if not changes:
        return "nothing changed"
    parts = []
    for verb, names in (("added", changes.added), ("changed", changes.changed), ("gone", changes.gone)):
        if names:
            listed = f" ({', '.join(names)})" if len(names) <= _SHOWN else ""
            parts.append(f"{len(names)} {verb}{listed}")
    return ", ".join(parts)
