"""How mteb is run for the comparison: its reading of the results, and its API server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import psutil
from django.conf import settings

from leaderboard.benchmarking.watching import BenchmarkFailed, MemoryWatch, failure, started


@dataclass(frozen=True)
class Loading:
    """mteb's reading of a results folder: seconds of its three steps, and the whole process with its imports."""

    load: float
    frame: float
    split: float
    n_cells: int
    wall: float
    peak: int

    @property
    def seconds(self) -> float:
        return self.load + self.frame + self.split


class MtebSide:
    """`python` has mteb; `cache` is a folder of the benchmark's own, where the server looks for its frames."""

    def __init__(self, python: Path, cache: Path, log: Path) -> None:
        self.python = python
        self.log = log
        self.environment = {
            **os.environ,
            "HF_HUB_OFFLINE": "1",
            "MTEB_CACHE": str(cache),
            "PYTHONPATH": str(settings.BASE_DIR),
        }

    def load(self, folder: Path, *, for_server: bool) -> Loading:
        """Read `folder`, which holds `results/`; `for_server` keeps the frames for the server's start."""
        command = [str(self.python), "-m", "leaderboard.benchmarking.mteb_loading", str(folder)]
        if for_server:
            command.append("server")
        begun = time.monotonic()
        with started(command, self.environment, self.log, stdout=subprocess.PIPE) as process:
            with MemoryWatch(psutil.Process(process.pid)) as watch:
                line = process.stdout.readline() if process.stdout else b""
                wall = time.monotonic() - begun
            if process.wait() or not line:
                raise failure(command, self.log)
        return Loading(wall=wall, peak=watch.peak, **json.loads(line))

    def server_command(self, port: int) -> list[str]:
        return [str(self.python), "-m", "uvicorn", "mteb.api.app:app", "--host", "127.0.0.1", "--port", str(port)]


def python_with_server(folder: Path) -> Path:
    """A Python that sees all of ours, and on top what mteb's API server needs; made in `folder` at the first call."""
    python = folder / "bin" / "python"
    stamp = folder / "installed"
    wanted = f"mteb[api]=={version('mteb')}"
    ours = sysconfig.get_path("purelib")
    if python.exists() and stamp.exists() and stamp.read_text() == f"{wanted}\n{ours}\n":
        return python
    _run([sys.executable, "-m", "venv", "--clear", "--without-pip", str(folder)])
    site_packages = folder / Path(ours).relative_to(sys.prefix)
    (site_packages / "podium.pth").write_text(f"{ours}\n")
    _run([sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-input", wanted])
    stamp.write_text(f"{wanted}\n{ours}\n")
    return python


def _run(command: Sequence[str]) -> None:
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        reason = (done.stderr or done.stdout).strip().rpartition("\n")[2]
        raise BenchmarkFailed(f"The environment for mteb's API server could not be made: {reason}")
