"""Real tasks through the queue beside `mteb run`: the same model, the same tasks, the same machine, in turns."""

from __future__ import annotations

import json
import os
import shutil
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evaluation.benchmarking.work import evaluate, worker
from leaderboard.benchmarking.database import BenchDatabase
from leaderboard.benchmarking.report import Line, compared, seconds
from leaderboard.benchmarking.watching import BenchmarkFailed, failure, started

MODEL = "sentence-transformers/all-MiniLM-L6-v2"
TASKS = ("SICK-R", "STS16", "KorSTS", "Banking77Classification", "LIMITSmallRetrieval")
THREADS = 2
LARGEST_DIFFERENCE = 1e-4


@dataclass(frozen=True)
class Round:
    """Seconds, and the main score of each task, subset and split."""

    seconds: float
    scores: Mapping[tuple[str, str, str], float]


def measure(database: BenchDatabase, folder: Path, *, rounds: int, say: Callable[[str], None]) -> list[Line]:
    """Each round runs both sides, with empty caches for models and datasets; medians are compared."""
    ours: list[Round] = []
    theirs: list[Round] = []
    for number in range(1, rounds + 1):
        sides = [(theirs, plain_round), (ours, queue_round)]
        for results, run in sides if number % 2 else sides[::-1]:
            home = folder / "hf"
            shutil.rmtree(home, ignore_errors=True)
            results.append(run(database, folder, home))
            say(f"{run.__name__.partition('_')[0]}, round {number}: {seconds(results[-1].seconds)}")
    difference = largest_difference(ours[0].scores, theirs[0].scores)
    return [
        compared(
            f"{', '.join(TASKS)} with {MODEL} through the queue; the other side is one `mteb run`",
            statistics.median(one.seconds for one in ours),
            statistics.median(one.seconds for one in theirs),
            seconds,
            0.6,
            remark=f" (median of {rounds})" if rounds > 1 else "",
        ),
        Line(
            f"the same: largest difference of {len(ours[0].scores)} scores",
            f"{difference:.1e}",
            f"at most {LARGEST_DIFFERENCE:.0e}",
            difference / LARGEST_DIFFERENCE,
            1,
        ),
    ]


def queue_round(database: BenchDatabase, folder: Path, home: Path) -> Round:
    """The worker is there and waits, as on a host that evaluates; the model is loaded on the clock."""
    database.renew()
    log = folder / "evaluate.log"
    with worker(database, _environment(home), folder / "worker.log", name="bench"):
        took, results = evaluate(database, _environment(home), log, model=MODEL, tasks=TASKS)
    scores = {
        (row["task"], split, subset): score
        for row in results
        for split, subsets in row["scores"].items()
        for subset, score in subsets.items()
    }
    return Round(took, scores)


def plain_round(database: BenchDatabase, folder: Path, home: Path) -> Round:
    output, log = folder / "mteb", folder / "mteb-run.log"
    shutil.rmtree(output, ignore_errors=True)
    program = str(Path(sys.executable).with_name("mteb"))
    command = [program, "run", "-m", MODEL, "-t", *TASKS, "--output-folder", str(output)]
    begun = time.monotonic()
    with started(command, {**os.environ, **_environment(home)}, log, folder=folder) as process:
        code = process.wait()
        took = time.monotonic() - begun
    if code:
        raise failure(command, log)
    files = [json.loads(path.read_text()) for path in output.rglob("*.json") if path.stem in TASKS]
    scores = {
        (file["task_name"], split, of["hf_subset"]): of["main_score"]
        for file in files
        for split, subsets in file["scores"].items()
        for of in subsets
    }
    return Round(took, scores)


def largest_difference(ours: Mapping[Any, float], theirs: Mapping[Any, float]) -> float:
    """Raises BenchmarkFailed where one side has a score that the other has not."""
    if set(ours) != set(theirs):
        raise BenchmarkFailed(f"Only one side has scores of: {sorted(set(ours) ^ set(theirs))}")
    return max(abs(ours[cell] - theirs[cell]) for cell in ours)


def _environment(home: Path) -> dict[str, str]:
    return {"HF_HOME": str(home), "OMP_NUM_THREADS": str(THREADS), "HF_HUB_DISABLE_XET": "1"}
