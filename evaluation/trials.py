"""Killing what takes part in an evaluation, in the middle of it, and looking at what becomes of the run.

Everything is real: rows, queue, supervisor, worker, evaluating process, an embedded PostgreSQL of its own.
"""

from __future__ import annotations

import contextlib
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import psutil
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection
from django.db.models.functions import Now
from django.utils import timezone

from config.database import embedded_server
from evaluation.demo_models import DemoModel
from evaluation.models import EvaluationRun, EvaluationUnit, Worker
from evaluation.selectors.scores import scores_by_cell
from evaluation.services.runs import request_run
from evaluation.worker.homes import PREFIX, YOUNG_SECONDS
from leaderboard.models import ModelMeta, Origin, Task, TaskResult

LOOK_SECONDS = 0.1
PATIENCE_SECONDS = 600
REPETITIONS = 5
TOO_LATE = "it ended before anything could be killed"
MARGIN_SECONDS = 10.0
"""From the lease's end, or from when all is there again, to the next claim: the supervisor looks every two seconds, and
a worker process of the queue has to start."""

Scores = dict[str, dict[str, dict[str, float | None]]]


class Target(StrEnum):
    """What is killed."""

    PROCESS = "the evaluating process"
    WORKER = "the worker that attends to it"
    CLUSTER = "the whole cluster"
    MACHINE = "the supervisor with all that it started"
    DATABASE = "PostgreSQL"


class TrialError(Exception):
    """The trial itself could not be made; the message says why."""


@dataclass
class Finding:
    """What became of a run, in seconds.

    `overdue` is the longest that a claim was seen to outlive its lease while nobody was at work, `restart` how long it
    took after the kill until the database and a supervisor were there; None without a kill.
    """

    target: Target | None
    moment: float
    seconds: float = 0.0
    overdue: float = 0.0
    restart: float | None = None
    is_back: bool = False
    overdue_since: float | None = None
    scores: Scores = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


class Watched:
    """A supervised worker as an init system keeps it: started again when it has ended."""

    def __init__(self, surroundings: dict[str, str]) -> None:
        self._surroundings = {**os.environ, **surroundings}
        self._process: subprocess.Popen[bytes] | None = None

    def keep(self) -> None:
        if self._process is None or self._process.poll() is not None:
            command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "evalworker"]
            self._process = subprocess.Popen(
                command, env=self._surroundings, stdin=subprocess.DEVNULL, start_new_session=True
            )

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(20)
            self.kill(Target.MACHINE)
            self._process.wait()

    def kill(self, target: Target) -> bool:
        """Whether there was something to kill."""
        victims = self._victims(target)
        for victim in victims:
            with contextlib.suppress(psutil.NoSuchProcess):
                victim.kill()
        return bool(victims)

    def _victims(self, target: Target) -> list[psutil.Process]:
        if target is Target.DATABASE:
            return embedded_server().processes()
        try:
            supervisor = psutil.Process(self._process.pid if self._process else -1)
            family = supervisor.children(recursive=True)
        except (psutil.NoSuchProcess, ValueError):
            return []
        evaluating = [one for one in family if _is_evaluating(one)]
        match target:
            case Target.PROCESS:
                return evaluating[:1]
            case Target.WORKER:
                return [parent for one in evaluating[:1] if (parent := _parent(one)) is not None]
            case Target.CLUSTER:
                return family
            case _:
                return [supervisor, *family]


def _is_evaluating(process: psutil.Process) -> bool:
    try:
        return "evaluation.evaluator.runner" in process.cmdline()
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False


def _parent(process: psutil.Process) -> psutil.Process | None:
    try:
        return process.parent()
    except psutil.NoSuchProcess:
        return None


class Trial:
    """The same evaluation over and over, with a kill at a random moment of each but the first."""

    def __init__(self, model: DemoModel, tasks: Sequence[Task], *, seed: int, say: Callable[[str], Any]) -> None:
        self._model = model
        self._tasks = tasks
        self._say = say
        self._random = random.Random(seed)
        self._folder = tempfile.TemporaryDirectory(prefix="podium-trial-", ignore_cleanup_errors=True)
        self._worker = Watched({"HF_HUB_OFFLINE": "1", "TMPDIR": self._folder.name})
        self._undisturbed = Finding(None, 0.0)

    def run(self, targets: Sequence[Target]) -> list[Finding]:
        try:
            self._undisturbed = self._evaluate(None)
            self._say(f"Undisturbed: {len(self._tasks)} tasks in {self._undisturbed.seconds:.1f} s.")
            if self._undisturbed.problems:
                raise TrialError(f"The undisturbed run failed: {'; '.join(self._undisturbed.problems)}")
            return [self._disturbed(number, target) for number, target in enumerate(targets, start=1)]
        finally:
            self._worker.stop()
            self._folder.cleanup()

    def _disturbed(self, number: int, target: Target) -> Finding:
        found = self._evaluate(target)
        for _ in range(REPETITIONS):
            if TOO_LATE not in found.problems:
                break
            found = self._evaluate(target)
        if found.scores != self._undisturbed.scores:
            found.problems.append("its scores differ from those of the undisturbed run")
        verdict = "; ".join(found.problems) or "as it should be"
        self._say(
            f"{number:>3}. {target}, killed after {found.moment:.1f} s: done after {found.seconds:.1f} s, "
            f"all was there again after {found.restart or 0:.1f} s, claims outlived their lease by "
            f"{found.overdue:.1f} s at most: {verdict}."
        )
        return found

    def _evaluate(self, target: Target | None) -> Finding:
        left_before = self._folders_made_old()
        run = self._request()
        self._wait(lambda: run.units.exclude(state=EvaluationUnit.State.QUEUED).exists())
        began = time.monotonic()
        found = Finding(target, self._random.uniform(0, self._undisturbed.seconds))
        stored: dict[int, Any] = {}
        killed_at: datetime | None = None
        killed = target is None
        while not _is_finished(run):
            if not killed and time.monotonic() - began >= found.moment:
                stored = _stored(run)
                killed = target is not None and self._worker.kill(target)
                found.moment = time.monotonic() - began
                killed_at = timezone.now()
            self._look(run, found, killed_at)
            if time.monotonic() - began > PATIENCE_SECONDS:
                found.problems.append(f"it had not ended after {PATIENCE_SECONDS} s")
                break
        found.seconds = time.monotonic() - began
        if not killed:
            found.problems.append(TOO_LATE)
        if found.overdue > (found.restart or 0) + MARGIN_SECONDS:
            found.problems.append(f"a claim outlived its lease by {found.overdue:.0f} s with nobody at work")
        if left := [folder.name for folder in left_before if folder.exists()]:
            found.problems.append(f"folders of earlier evaluations are left: {', '.join(left)}")
        found.problems += _judge(run, stored)
        found.scores = _scores(run)
        return found

    def _request(self) -> EvaluationRun:
        model_meta, _ = ModelMeta.objects.get_or_create(
            name=self._model.name,
            defaults={"origin": Origin.RESULTS, "in_registry": False, "local_path": str(self._model.path)},
        )
        return request_run(
            model_meta=model_meta, revision=self._model.revision, local_path=str(self._model.path), tasks=self._tasks
        )

    def _wait(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not _patiently(condition):
            self._worker.keep()
            if time.monotonic() > deadline:
                raise TrialError("No worker takes the run.")
            time.sleep(LOOK_SECONDS)

    def _folders_made_old(self) -> list[Path]:
        """Those that earlier evaluations left, as if they had lain there for long: the next process removes them."""
        left = list(Path(self._folder.name).glob(f"{PREFIX}*"))
        past = time.time() - YOUNG_SECONDS - 1
        for folder in left:
            with contextlib.suppress(FileNotFoundError):
                os.utime(folder, (past, past))
        return left

    def _look(self, run: EvaluationRun, found: Finding, killed_at: datetime | None) -> None:
        """What an init system does, how long that takes to help, and how long claims outlive their lease."""
        self._worker.keep()
        with contextlib.suppress(OperationalError, InterfaceError):
            if killed_at is not None and not found.is_back:
                found.restart = (timezone.now() - killed_at).total_seconds()
                found.is_back = Worker.objects.filter(last_seen__gt=killed_at, stopped_at__isnull=True).exists()
            self._count_overdue(run, found)
        time.sleep(LOOK_SECONDS)

    def _count_overdue(self, run: EvaluationRun, found: Finding) -> None:
        """A worker that has another task meanwhile is not late: it comes back to the claim that ran out."""
        running = run.units.filter(state=EvaluationUnit.State.RUNNING)
        if running.filter(lease_until__gt=Now()).exists() or not running.exists():
            found.overdue_since = None
            return
        found.overdue_since = found.overdue_since or time.monotonic()
        found.overdue = max(found.overdue, time.monotonic() - found.overdue_since)


def _patiently(question: Callable[[], Any]) -> Any:
    """The answer, however long the database is away; None while it is."""
    try:
        return question()
    except (OperationalError, InterfaceError):
        connection.close()
        return None


def _is_finished(run: EvaluationRun) -> bool:
    return bool(
        _patiently(lambda: EvaluationRun.objects.filter(pk=run.pk, state__in=EvaluationRun.FINISHED_STATES).exists())
    )


def _stored(run: EvaluationRun) -> dict[int, Any]:
    """What the units that are done look like; nothing of it may change any more."""
    done = run.units.filter(state=EvaluationUnit.State.DONE)
    rows = _patiently(lambda: list(done.values_list("pk", "attempts", "started_at", "finished_at", "result")))
    return {row[0]: row for row in rows or []}


def _judge(run: EvaluationRun, stored: dict[int, Any]) -> list[str]:
    problems = []
    run.refresh_from_db()
    if run.state != EvaluationRun.State.DONE:
        errors = "; ".join(filter(None, run.units.values_list("error", flat=True)))
        problems.append(f"its state is {run.state} ({errors})")
    now = _stored(run)
    if any(now.get(pk) != row for pk, row in stored.items()):
        problems.append("a task was taken up again after it had been stored")
    results = TaskResult.objects.filter(source_path__startswith=f"runs/{run.pk}/")
    if results.count() != run.units.filter(state=EvaluationUnit.State.DONE).count():
        problems.append("a task has more than one result")
    return problems


def _scores(run: EvaluationRun) -> Scores:
    units = run.units.filter(result__isnull=False).select_related("task", "result__cell_set")
    return {unit.task.name: scores_by_cell(unit.result) for unit in units if unit.result}


def plan(kills: int, seed: int) -> list[Target]:
    """Every target equally often, in random order."""
    targets = list(islice(cycle(Target), kills))
    random.Random(seed).shuffle(targets)
    return targets
