from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from django.conf import settings

from config import processes
from config.gunicorn import STOP_WITH_PARENT
from config.processes import ProgramEnded, Programs
from config.web_server import answers, gunicorn_command


def wait_until(holds: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def is_alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_a_program_that_ends_is_reported_with_its_log(tmp_path: Path) -> None:
    with Programs(tmp_path) as programs:
        programs.start("steady", ["sleep", "60"])
        programs.start("hasty", ["sh", "-c", "echo no luck; exit 3"])
        with pytest.raises(ProgramEnded, match=r"The hasty ended unexpectedly \(exit code 3\): see .*hasty\.log"):
            programs.wait()
    assert (tmp_path / "hasty.log").read_text() == "no luck\n"


def test_nothing_outlives_the_programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "STOP_SECONDS", 0.5)
    stubborn = "trap '' TERM; sleep 61 & echo $!; while :; do sleep 0.1; done"
    log = tmp_path / "stubborn.log"
    with Programs(tmp_path) as programs:
        programs.start("stubborn", ["sh", "-c", stubborn])
        wait_until(lambda: log.read_text().endswith("\n"))
        child = int(log.read_text())
        assert is_alive(child)
    wait_until(lambda: not is_alive(child))


def test_the_web_server_ends_with_who_started_it() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = gunicorn_command(host="127.0.0.1", port=port, workers=1)
    starter = (
        "import subprocess, sys; server = subprocess.Popen(sys.argv[1:]); print(server.pid, flush=True); server.wait()"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", starter, *command],
        cwd=settings.BASE_DIR,
        env={**os.environ, STOP_WITH_PARENT: "1"},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout
    with parent.stdout:
        server = int(parent.stdout.readline())
        wait_until(lambda: answers("127.0.0.1", port))
        parent.send_signal(signal.SIGKILL)
        parent.wait()
    wait_until(lambda: not is_alive(server))
