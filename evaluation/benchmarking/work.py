"""Workers as the benchmark starts them, and what is asked of them."""

from __future__ import annotations

import contextlib
import json
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from leaderboard.benchmarking.database import MANAGE, BenchDatabase
from leaderboard.benchmarking.watching import BenchmarkFailed, failure, started

PATIENCE_SECONDS = 120


@contextlib.contextmanager
def worker(database: BenchDatabase, environment: Mapping[str, str], log: Path, *, name: str) -> Iterator[None]:
    """A worker that has started and waits."""
    command = [*MANAGE, "evalworker", "--name", name]
    with started(command, {**database.environment(), **environment}, log) as process:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not database.fetch(
            "SELECT count(*) FROM evaluation_worker WHERE host = %s AND answered_at > now() - interval '10 s'", name
        )[0]:
            if process.poll() is not None or time.monotonic() > deadline:
                raise failure(command, log)
            time.sleep(0.1)
        yield


def evaluate(
    database: BenchDatabase, environment: Mapping[str, str], log: Path, *, model: str, tasks: Sequence[str]
) -> tuple[float, list[dict[str, Any]]]:
    """Seconds that `manage.py evaluate --wait` takes from its start to its end, and the results that it prints."""
    named = [part for task in tasks for part in ("--task", task)]
    command = [*MANAGE, "evaluate", model, *named, "--wait", "--format", "json"]
    begun = time.monotonic()
    with started(command, {**database.environment(), **environment}, log, stdout=subprocess.PIPE) as process:
        printed, _ = process.communicate()
        seconds = time.monotonic() - begun
    if process.returncode:
        raise failure(command, log)
    results: list[dict[str, Any]] = json.loads(printed)
    return seconds, results


def wait_for(
    database: BenchDatabase, question: Any, *values: object, seconds: float = PATIENCE_SECONDS, pause: float = 0.02
) -> float:
    """Seconds until a question to the database has an answer that is true; it is asked after each pause (s)."""
    begun = time.monotonic()
    while not database.fetch(question, *values)[0]:
        if time.monotonic() - begun > seconds:
            raise BenchmarkFailed(f"After {seconds:g} seconds it was still not so: {question}")
        time.sleep(pause)
    return time.monotonic() - begun
