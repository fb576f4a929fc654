"""Puts custom tasks on the board: a folder of this server, or a dataset of the Hub."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from evaluation.custom.archives import keep_folder, new_folder
from evaluation.custom.benchmarks import BenchmarkDefinition, read_benchmark_folder
from evaluation.custom.tasks import CustomTaskError
from evaluation.hub import HubError
from evaluation.services.custom_metrics import approve_metric
from evaluation.services.hub_datasets import fetch_dataset
from evaluation.services.registration import RegistrationRefused, register_benchmark

HUB = "hub:"


class Command(BaseCommand):
    help = (
        "Checks a folder of custom tasks (docs/custom-tasks.md) and adds its tasks and its benchmark to the board, or "
        "updates them. Nothing is changed unless everything is in order."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "folder",
            metavar="FOLDER",
            help="folder with benchmark.toml and the task folders, or with one task.toml; or hub:organisation/dataset, "
            "with @revision if it is not the newest",
        )
        parser.add_argument("--check", action="store_true", help="only check the folder")
        parser.add_argument(
            "--approve-metrics",
            action="store_true",
            help="approve the code of metric.py in it, which workers will run: read it first",
        )

    def handle(self, *args: Any, folder: str, check: bool, approve_metrics: bool, **options: Any) -> None:
        try:
            with _read(folder) as (definition, source):
                if check:
                    self.stdout.write(f"{definition.name}: {_counted(definition)}, all in order.")
                    return
                if source is not None:
                    definition = _kept(definition)
                self._add(definition, source or f"folder {definition.folder.name} of this server", approve_metrics)
        except (CustomTaskError, RegistrationRefused, HubError) as problem:
            raise CommandError(f"Nothing was added from {folder}.\n{problem}") from None

    def _add(self, definition: BenchmarkDefinition, source: str, approve_metrics: bool) -> None:
        if approve_metrics:
            for task in definition.tasks:
                if task.metric:
                    approve_metric(sha256=task.metric["sha256"], code=task.metric["code"])
        registration = register_benchmark(definition=definition, source=source)
        for sentence in registration.changes:
            self.stdout.write(sentence)
        if not registration.changes:
            self.stdout.write(f"{definition.name}: {_counted(definition)}, nothing has changed.")
        for counted in registration.benchmark.benchmark_tasks.select_related("task"):
            metric = (counted.task.definition or {}).get("metric")
            if metric and metric["code"] is None:
                self.stdout.write(
                    f"{counted.task.name} cannot be evaluated before its metric.py is approved: read it, then approve "
                    "it in the admin or with --approve-metrics."
                )


@contextmanager
def _read(folder: str) -> Iterator[tuple[BenchmarkDefinition, str | None]]:
    """The definition, and for a dataset of the Hub where it came from."""
    if not folder.startswith(HUB):
        yield read_benchmark_folder(Path(folder)), None
        return
    name, _, revision = folder.removeprefix(HUB).partition("@")
    with new_folder(settings.DATA_DIR / "datasets") as fetched:
        dataset = fetch_dataset(name, revision, fetched)
        yield read_benchmark_folder(fetched), str(dataset)


def _kept(definition: BenchmarkDefinition) -> BenchmarkDefinition:
    _, kept = keep_folder(definition.folder, settings.DATA_DIR / "datasets")
    return read_benchmark_folder(kept)


def _counted(definition: BenchmarkDefinition) -> str:
    return f"{len(definition.tasks)} {'task' if len(definition.tasks) == 1 else 'tasks'}"
