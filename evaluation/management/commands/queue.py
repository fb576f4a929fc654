"""`manage.py queue`: the runs that wait or are at work, in the order in which workers take them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson
from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone
from django.utils.timesince import timesince
from rich.table import Table

from evaluation.selectors import workers
from evaluation.selectors.runs import runs_with_progress, unfinished_runs
from leaderboard.tables.cells import revision_text
from leaderboard.terminal import bar, print_table


class Command(BaseCommand):
    help = "Show the evaluations that wait or are at work."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--format", choices=("table", "json"), default="table")

    def handle(self, *args: Any, **options: Any) -> None:
        runs = runs_with_progress(unfinished_runs())
        if options["format"] == "json":
            self.stdout.write(orjson.dumps(_facts(runs), option=orjson.OPT_INDENT_2).decode())
            return
        n_workers = workers.workers_alive().count()
        if not runs:
            self.stdout.write("Nothing is waiting.")
        else:
            print_table(self.stdout, _table(runs))
        if not n_workers:
            self.stdout.write("No worker is running: start one with script/worker.")


def _table(runs: Iterable[Any]) -> Table:
    table = Table(title="Evaluations")
    for heading in ("Place", "Run", "Model", "Revision", "Lane", "State", "Tasks", "Failed", "Asked for"):
        table.add_column(heading, justify="right" if heading in {"Place", "Run", "Failed"} else "left")
    for fact in _facts(runs):
        table.add_row(
            str(fact["place"]),
            str(fact["run"]),
            fact["model"],
            revision_text(fact["revision"]),
            fact["lane"],
            fact["state"],
            bar(fact["finished"], fact["tasks"]),
            str(fact["failed"] or ""),
            f"{timesince(fact['created_at'], timezone.now(), depth=1)} ago",
        )
    return table


def _facts(runs: Iterable[Any]) -> list[dict[str, Any]]:
    """Of runs with their progress."""
    return [
        {
            "place": place,
            "run": run.pk,
            "model": run.model_meta.name,
            "revision": run.revision,
            "lane": run.get_lane_display(),
            "state": run.state,
            "tasks": run.n_units,
            "finished": run.n_finished,
            "failed": run.n_failed,
            "created_at": run.created_at,
        }
        for place, run in enumerate(runs, start=1)
    ]
