"""How long a finished task takes to be a new rank on the page."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from django.conf import settings

from evaluation.benchmarking.work import wait_for, worker
from evaluation.demo_models import GLOVE_NAME, ensure_demo_models
from leaderboard.benchmarking.database import BenchDatabase
from leaderboard.benchmarking.report import Line, seconds
from leaderboard.benchmarking.servers import our_server, running
from leaderboard.benchmarking.watching import BenchmarkFailed

STARTER = settings.BASE_DIR / "evaluation" / "starter"
BOARD = "/benchmarks/podium-starter-v1/?show=coverage"
RANK_SECONDS = 2.0
PATIENCE_SECONDS = 60.0


def measure(database: BenchDatabase, folder: Path, *, rounds: int, say: Callable[[str], None]) -> list[Line]:
    """From the moment that the worker begins to store a result to a board's page that counts it, asked over HTTP.

    The board was empty before, and the page shows the model from then on.
    """
    (model,) = (one for one in ensure_demo_models(folder / "models") if one.name == GLOVE_NAME)
    waits = []
    for number in range(1, rounds + 1):
        database.renew()
        database.manage(folder / "add_tasks.log", "add_tasks", str(STARTER))
        with (
            worker(database, {"HF_HUB_OFFLINE": "1"}, folder / "worker.log", name="bench"),
            running(our_server(database, folder / "server.log"), "/") as server,
        ):
            name = f"bench/model-{number}"
            database.manage(
                folder / "evaluate.log", "evaluate", str(model.path), "--name", name, "--task", "StarterSTS"
            )
            stored = "progress = 'storing the result' OR state = 'done'"
            wait_for(database, f"SELECT count(*) FROM evaluation_evaluationunit WHERE {stored}")  # noqa: S608
            begun = time.monotonic()
            while quote(name).encode() not in server.ask(BOARD).body:
                if time.monotonic() - begun > PATIENCE_SECONDS:
                    raise BenchmarkFailed(f"The board did not show {name} within {PATIENCE_SECONDS:g} s.")
            waits.append(time.monotonic() - begun)
            say(f"new rank on the page, round {number}: {seconds(waits[-1])}")
    wait = statistics.median(waits)
    return [
        Line(
            "from a finished task to the new rank on the page (starter board, ours alone)",
            seconds(wait),
            f"at most {seconds(RANK_SECONDS)}",
            wait / RANK_SECONDS,
            1,
        )
    ]
