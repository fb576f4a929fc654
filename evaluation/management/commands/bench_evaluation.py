"""`manage.py bench_evaluation`: evaluating through the queue beside plain mteb, as a Markdown table."""

from __future__ import annotations

import os
import platform
import signal
import sys
import tempfile
from argparse import ArgumentParser
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil
from django.core.management.base import BaseCommand, CommandError

from evaluation.benchmarking import encoding, ranking, sharing, waiting
from leaderboard.benchmarking.database import bench_database
from leaderboard.benchmarking.report import markdown, write
from leaderboard.benchmarking.watching import BenchmarkFailed

SECTION = "evaluation"
PARTS = {
    "encoding": encoding.measure,
    "waiting": waiting.measure,
    "ranking": ranking.measure,
    "sharing": sharing.measure,
}


class Command(BaseCommand):
    help = (
        "Measure evaluations through the queue beside `mteb run`. Models and datasets come from HF_ENDPOINT, into "
        "caches that begin empty."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--rounds", type=int, default=3, help="of both sides, in turns; medians are compared")
        parser.add_argument("--part", choices=PARTS, action="append", help="measure only this; repeatable")
        parser.add_argument(
            "--output",
            default="-",
            metavar="PATH",
            help="a page whose table is replaced, such as docs/performance.md; - prints it (default)",
        )

    def handle(self, *args: Any, rounds: int, part: list[str] | None, output: str, **options: Any) -> None:
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        load = os.getloadavg()[0]
        try:
            with tempfile.TemporaryDirectory(prefix="podium-bench-") as name:
                folder = Path(name)
                with bench_database(folder / "podium.log") as database:
                    lines = [
                        line
                        for key in part or PARTS
                        for line in PARTS[key](database, folder, rounds=rounds, say=self._say)
                    ]
                    facts = _facts(rounds, load, database.server_version())
        except BenchmarkFailed as problem:
            raise CommandError(str(problem)) from problem
        except KeyboardInterrupt:
            self._say("Stopped; nothing of it is left.")
            sys.exit(130)
        if output == "-":
            self.stdout.write(markdown(lines, facts))
        else:
            write(markdown(lines, facts), Path(output), SECTION)

    def _say(self, what: str) -> None:
        self.stderr.write(what)
        self.stderr.flush()


def _facts(rounds: int, load: float, server_version: str) -> dict[str, str]:
    return {
        "Measured": f"{datetime.now(UTC):%Y-%m-%d}",
        "Rounds": str(rounds),
        "Cores": str(os.cpu_count()),
        "Load before": f"{load:.1f}",
        "Memory": f"{psutil.virtual_memory().total / 1e9:.0f} GB",
        "System": f"{platform.system()} {platform.machine()}",
        "Python": platform.python_version(),
        "mteb": version("mteb"),
        "sentence-transformers": version("sentence-transformers"),
        "torch": version("torch"),
        "PostgreSQL": server_version,
    }
