"""`manage.py workers`: who evaluates, what they can do, and what they are at."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson
from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone
from django.utils.timesince import timesince
from rich.table import Table

from evaluation.selectors.workers import WorkerState, worker_states
from leaderboard.terminal import print_table


class Command(BaseCommand):
    help = "Show the workers, what each can do, and what it is at."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--all", action="store_true", help="also those that stopped or are silent")
        parser.add_argument("--format", choices=("table", "json"), default="table")

    def handle(self, *args: Any, **options: Any) -> None:
        workers = worker_states(everybody=options["all"])
        if options["format"] == "json":
            self.stdout.write(orjson.dumps(list(map(_fact, workers)), option=orjson.OPT_INDENT_2).decode())
        elif workers:
            print_table(self.stdout, _table(workers))
        else:
            self.stdout.write("No worker is running: start one with script/worker.")


def _fact(one: WorkerState) -> dict[str, Any]:
    worker = one.worker
    return {
        "host": worker.host,
        "pid": worker.pid,
        "queue": worker.queue,
        "state": one.state,
        "reason": one.reason,
        "started_at": worker.started_at,
        "last_seen": worker.last_seen,
        "device": worker.device,
        "device_name": worker.device_name,
        "memory_mb": worker.memory_mb,
        "cores": worker.cores,
        "labels": worker.labels,
        "sandbox": worker.sandbox,
        "at_work_on": [f"{unit.task.name} of run {unit.run_id}" for unit in one.units],
    }


def _table(workers: Iterable[WorkerState]) -> Table:
    table = Table(title="Workers")
    for heading in ("Worker", "State", "Last seen", "Can do", "At work on"):
        table.add_column(heading)
    for one in workers:
        fact = _fact(one)
        seen = f"{timesince(fact['last_seen'], timezone.now(), depth=1)} ago"
        work = "\n".join(fact["at_work_on"])
        who = f"{one.worker.host}\nprocess {one.worker.pid}\nqueue {one.worker.queue}"
        state = f"{one.state}: {one.reason}" if one.reason else one.state
        table.add_row(who, state, seen, "\n".join(one.worker.abilities), work)
    return table
