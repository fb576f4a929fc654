"""Supervises a django-q2 cluster, which by itself neither survives all deaths of its processes nor stops on request."""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
import signal
import socket
import subprocess
import sys
import time
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import InterfaceError, OperationalError, connection
from django.db.models.functions import Now

from config.database import ensure_database
from config.embedded_postgres import ServerError
from evaluation.capabilities import detect
from evaluation.jobs import WORKER_VARIABLE
from evaluation.models import EvaluationUnit, Worker
from evaluation.selectors.workers import workers_that_claim
from evaluation.services import claims, waking, workers
from evaluation.worker.attendance import SUPERVISOR_VARIABLE
from leaderboard.services.schedules import ensure_nightly_dump, ensure_schedules

LOOK_SECONDS = 0.25
BEAT_SECONDS = 2.0
GRACE_SECONDS = 3.0
logger = logging.getLogger("evaluation.worker")


class Command(BaseCommand):
    help = (
        "Runs a worker for a queue until it is stopped: “gpu” evaluates models, “default” does everything else. "
        "It restarts what dies or hangs. SIGTERM or Ctrl-C queues the running task again and ends in seconds."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        queues = ["default", settings.EVALUATION_QUEUE]
        parser.add_argument("--queue", default=settings.EVALUATION_QUEUE, choices=queues)
        parser.add_argument("--name", default=socket.gethostname(), help="of this machine; default: its host name")
        parser.add_argument(
            "--label",
            action="append",
            default=[],
            metavar="LABEL",
            help="a worker class it belongs to; repeatable",
        )
        parser.add_argument("--canary", type=float, default=20, help="seconds between questions to an idle cluster")
        parser.add_argument("--while-parent-lives", action="store_true", help="stop when the starting process is gone")
        parser.add_argument("--dead", type=float, default=60, help="seconds without an answer before it is restarted")

    def handle(
        self, *, queue: str, canary: float, dead: float, while_parent_lives: bool, name: str, label: list[str], **_: Any
    ) -> None:
        if canary >= dead:
            raise CommandError("--dead must be larger than --canary, or a healthy cluster would be restarted.")
        parent = os.getppid()
        stopped: list[int] = []
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda received, _: stopped.append(received))
        waking.ensure_sweep_schedule()
        ensure_nightly_dump()
        ensure_schedules()
        supervisor = Supervisor(queue, canary=canary, dead=dead, name=name, labels=label)
        try:
            while not stopped and (os.getppid() == parent or not while_parent_lives):
                supervisor.look()
                time.sleep(LOOK_SECONDS)
        finally:
            supervisor.stop()


def next_night() -> float:
    """Half past two in the time of the host, as a time stamp."""
    now = datetime.now().astimezone()
    tonight = now.replace(hour=2, minute=30, second=0, microsecond=0)
    return (tonight if tonight > now else tonight + timedelta(days=1)).timestamp()


class Supervisor:
    def __init__(self, queue: str, *, canary: float, dead: float, name: str, labels: list[str]) -> None:
        self._queue = queue
        self._canary = canary
        self._dead = dead
        self._worker = workers.start_worker(
            host=name,
            queue=queue,
            pid=os.getpid(),
            capabilities=detect(labels=labels, units_at_once=settings.EVALUATION_WORKERS),
        )
        self._next_beat = 0.0
        self._last_answer = 0.0
        self._last_asked = 0.0
        self._answered_at: datetime | None = None
        self._next_pruning = next_night()
        self._pruning: subprocess.Popen[bytes] | None = None
        self._cluster = self._start_cluster()
        logger.info("Worker %s starts.", self._worker)

    def look(self) -> None:
        """One turn: restart a cluster that ended; now and then give a sign of life and ask for one."""
        if time.monotonic() < self._next_beat:
            return
        self._next_beat = time.monotonic() + BEAT_SECONDS
        try:
            if (code := self._cluster.poll()) is not None:
                logger.warning("The cluster ended (%d); it is started again.", code)
                self._restart_cluster()
            self._beat()
            self._prune_at_night()
        except (OperationalError, InterfaceError) as error:
            logger.warning("The database is away: %s", str(error).strip())
            connection.close()
            with contextlib.suppress(ServerError):
                ensure_database()
            self._last_answer = time.monotonic()

    def stop(self) -> None:
        """Let the cluster go in good order for a moment, then kill what is left; no unit stays claimed."""
        logger.info("Worker %s stops.", self._worker)
        if self._pruning is not None:
            self._pruning.terminate()
        try:
            workers.drain_worker(worker=self._worker)
            self._cluster.terminate()
            self._cluster.wait(GRACE_SECONDS)
        except (subprocess.TimeoutExpired, OperationalError, InterfaceError):
            pass
        finally:
            self._kill_cluster()
        try:
            workers.stop_worker(worker=self._worker)
        except (OperationalError, InterfaceError):
            logger.warning("The database is away: units of this worker are free when their lease runs out.")

    def _beat(self) -> None:
        workers.worker_seen(worker=self._worker)
        now = time.monotonic()
        answered_at = Worker.objects.values_list("answered_at", flat=True).get(pk=self._worker.pk)
        if answered_at != self._answered_at or self._is_busy():
            self._answered_at = answered_at
            self._last_answer = now
        if now - self._last_answer > self._dead:
            logger.warning("The cluster does not answer; it is started again.")
            self._restart_cluster()
        elif not self._is_busy():
            self._ask(now)

    def _prune_at_night(self) -> None:
        """Each host has a cache of its own, so no job of the queue can do it."""
        if self._pruning is not None and self._pruning.poll() is not None:
            self._pruning = None
        if self._queue == settings.EVALUATION_QUEUE and time.time() > self._next_pruning:
            self._next_pruning = next_night()
            command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "prune_hub_cache"]
            self._pruning = subprocess.Popen(command, cwd=settings.BASE_DIR, stdin=subprocess.DEVNULL)

    def _is_busy(self) -> bool:
        held = EvaluationUnit.objects.filter(worker=self._worker, state=EvaluationUnit.State.RUNNING)
        return held.filter(lease_until__gt=Now()).exists()

    def _ask(self, now: float) -> None:
        """An idle cluster gets a job now and then, to see whether it still works, and at once where work waits."""
        rests = not workers_that_claim().filter(pk=self._worker.pk).exists()
        if self._queue == settings.EVALUATION_QUEUE and not rests and waking.wake_if_claimable():
            return
        if now - max(self._last_asked, self._last_answer) > self._canary:
            self._last_asked = now
            waking.ask_for_answer(queue=self._queue)

    def _start_cluster(self) -> subprocess.Popen[bytes]:
        surroundings = {
            **os.environ,
            "Q_CLUSTER_NAME": self._queue,
            WORKER_VARIABLE: str(self._worker.pk),
            SUPERVISOR_VARIABLE: str(os.getpid()),
        }
        command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "qcluster"]
        self._last_answer = self._last_asked = time.monotonic()
        return subprocess.Popen(command, env=surroundings, cwd=settings.BASE_DIR, start_new_session=True)

    def _restart_cluster(self) -> None:
        self._kill_cluster()
        claims.hand_back_units_of(worker=self._worker, count_attempt=True)
        self._cluster = self._start_cluster()

    def _kill_cluster(self) -> None:
        """All of its session: workers outlive the process that started them."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._cluster.pid, signal.SIGKILL)
        self._cluster.wait()
