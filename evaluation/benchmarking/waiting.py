"""How long people wait for the machine room, whatever the model costs."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from pathlib import Path

from evaluation.benchmarking.encoding import MODEL
from evaluation.benchmarking.work import wait_for, worker
from leaderboard.benchmarking.database import BenchDatabase
from leaderboard.benchmarking.report import Line, seconds

TASK = "STS16"
FIRST_LOG_SECONDS = 3.0


def measure(database: BenchDatabase, folder: Path, *, rounds: int, say: Callable[[str], None]) -> list[Line]:
    """From the moment that a run is in the queue, which is what approving does last, to the first line of its log."""
    environment = {"HF_HOME": str(folder / "hf")}
    waits = []
    for number in range(1, rounds + 1):
        database.renew()
        with worker(database, environment, folder / "worker.log", name="bench"):
            database.manage(folder / "evaluate.log", "evaluate", MODEL, "--task", TASK)
            wait_for(database, "SELECT count(*) FROM evaluation_evaluationunit WHERE log <> ''")
            waits.append(
                float(
                    database.fetch(
                        "SELECT extract(epoch FROM clock_timestamp() - created_at) FROM evaluation_evaluationrun"
                    )[0]
                )
            )
            say(f"first line of the log, round {number}: {seconds(waits[-1])}")
    wait = statistics.median(waits)
    return [
        Line(
            "from approval to the first line of the run's log, warm worker",
            seconds(wait),
            f"at most {seconds(FIRST_LOG_SECONDS)}",
            wait / FIRST_LOG_SECONDS,
            1,
        )
    ]
