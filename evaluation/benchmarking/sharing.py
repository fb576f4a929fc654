"""Whether two workers do twice the work of one, where the work sleeps instead of computing."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from evaluation.benchmarking.work import wait_for, worker
from evaluation.demo_models import GLOVE_NAME, ensure_demo_models
from leaderboard.benchmarking.database import BenchDatabase
from leaderboard.benchmarking.report import Line, compared

TASKS = 200
SLEEP_SECONDS = 1.0
METRIC = f"""import time


def score(predictions, truth):
    time.sleep({SLEEP_SECONDS})
    return 1.0
"""
PAIRS = [("A dog sleeps.", "A dog is asleep.", 5), ("It rains.", "She sings.", 0), ("He eats.", "He is eating.", 4)]


def measure(database: BenchDatabase, folder: Path, *, rounds: int, say: Callable[[str], None]) -> list[Line]:
    """Tasks with a metric of their own that sleeps; the workers say that they are on two machines."""
    benchmark = write_benchmark(folder / "sleepers")
    (model,) = (one for one in ensure_demo_models(folder / "models") if one.name == GLOVE_NAME)
    database.renew()
    database.manage(folder / "add_tasks.log", "add_tasks", str(benchmark), "--approve-metrics")
    rates = {}
    for names in (("bench-1",), ("bench-1", "bench-2")):
        rates[len(names)] = _tasks_per_second(database, folder, model.path, names)
        say(f"{len(names)} worker{'s' * (len(names) > 1)}: {rates[len(names)]:.2f} tasks/s")
    return [
        compared(
            f"two workers with two machine names, {TASKS} tasks that sleep {SLEEP_SECONDS:g} s; the other side is one",
            rates[2],
            rates[1],
            lambda rate: f"{rate:.2f} tasks/s",
            1.8,
            at_least=True,
        )
    ]


def _tasks_per_second(database: BenchDatabase, folder: Path, model: Path, names: tuple[str, ...]) -> float:
    """From the first claim to the last result, as the rows tell."""
    with ExitStack() as stack:
        for name in names:
            log = folder / f"{name}.log"
            stack.enter_context(worker(database, {"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}, log, name=name))
        database.manage(folder / "evaluate.log", "evaluate", str(model), "--benchmark", "Sleepers")
        wait_for(
            database,
            "SELECT state <> 'queued' AND state <> 'running' FROM evaluation_evaluationrun ORDER BY id DESC LIMIT 1",
            seconds=3600,
            pause=1,
        )
    (seconds,) = database.fetch(
        """
        SELECT extract(epoch FROM max(finished_at) - min(started_at)) FROM evaluation_evaluationunit
        WHERE run_id = (SELECT max(id) FROM evaluation_evaluationrun)
        """
    )
    return TASKS / float(seconds)


def write_benchmark(folder: Path) -> Path:
    """As many small tasks as are wanted, each with the metric that sleeps."""
    folder.mkdir(parents=True)
    names = [f"sleeper-{number:03}" for number in range(TASKS)]
    (folder / "benchmark.toml").write_text(
        f'name = "Sleepers"\ndescription = "Tasks whose metric sleeps."\ntasks = {json.dumps(names)}\n'
    )
    rows = [{"sentence1": one, "sentence2": other, "score": score} for one, other, score in PAIRS]
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    for number, name in enumerate(names):
        task = folder / name
        task.mkdir()
        (task / "task.toml").write_text(
            f'name = "Sleeper{number:03}"\ntype = "STS"\ndescription = "Three pairs."\nlanguages = ["eng-Latn"]\n'
            'main_score = "own"\n'
        )
        (task / "test.jsonl").write_text(lines)
        (task / "metric.py").write_text(METRIC)
    return folder
