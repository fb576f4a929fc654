"""Running a program while somebody looks at the clock and at its memory."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import psutil

SAMPLE_SECONDS = 0.2
# Looking at memory may take this part of one core, so that looking at gigabytes does not slow down who has them.
_LARGEST_SHARE = 0.05
_STOP_SECONDS = 15


class BenchmarkFailed(Exception):
    """A measured program did not do its work; the message says which one and its last words."""


@dataclass(frozen=True)
class Memory:
    """In bytes. `shared_out` counts once what processes share (PSS); `largest` is the biggest process alone (RSS)."""

    shared_out: int
    largest: int


@dataclass(frozen=True)
class Measured:
    """`server_peak` is that of PostgreSQL meanwhile; None where it runs on another machine."""

    seconds: float
    peak: int
    server_peak: int | None


class MemoryWatch:
    """The peak of a process and all that it started, looked at again and again by a thread."""

    def __init__(self, root: psutil.Process) -> None:
        self.peak = 0
        self._root = root
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> MemoryWatch:
        self._thread.start()
        return self

    def __exit__(self, *problem: object) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        pause = 0.0
        while not self._done.wait(pause):
            begun = time.monotonic()
            self.peak = max(self.peak, memory_of(self._root).shared_out)
            pause = max(SAMPLE_SECONDS, (time.monotonic() - begun) / _LARGEST_SHARE)


def memory_of(root: psutil.Process) -> Memory:
    """Memory of a process and all that it started."""
    shared_out, largest = 0, 0
    with contextlib.suppress(psutil.NoSuchProcess):
        for process in [root, *root.children(recursive=True)]:
            with contextlib.suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
                resident = process.memory_info().rss
                shared_out += _proportional(process, resident)
                largest = max(largest, resident)
    return Memory(shared_out, largest)


def _proportional(process: psutil.Process, resident: int) -> int:
    """PSS on Linux; elsewhere what would be freed if the process ended; RSS where neither is to be known."""
    try:
        full = process.memory_full_info()
    except psutil.AccessDenied:
        return resident
    return int(getattr(full, "pss", full.uss))


def run_watched(
    command: Sequence[str], environment: Mapping[str, str], log: Path, postmaster: psutil.Process | None
) -> Measured:
    """Run a command to its end, with its output in `log`. Raises BenchmarkFailed where the exit code is not 0."""
    begun = time.monotonic()
    with (
        started(command, environment, log) as process,
        MemoryWatch(psutil.Process(process.pid)) as own,
        MemoryWatch(postmaster) if postmaster else contextlib.nullcontext() as server,
    ):
        code = process.wait()
        seconds = time.monotonic() - begun
    if code:
        raise failure(command, log)
    return Measured(seconds, own.peak, server.peak if server else None)


@contextlib.contextmanager
def started(
    command: Sequence[str],
    environment: Mapping[str, str],
    log: Path,
    *,
    stdout: IO[bytes] | int | None = None,
    folder: Path | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    """A program in a session of its own; whatever of the session is left at the end is stopped."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output if stdout is None else stdout,
            stderr=output,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        _stop(process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(_STOP_SECONDS)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    if process.stdout:
        process.stdout.close()


def failure(command: Sequence[str], log: Path) -> BenchmarkFailed:
    last_line = log.read_text(errors="replace").strip().rpartition("\n")[2]
    name = " ".join(Path(part).name for part in command[:4])
    return BenchmarkFailed(f"{name} did not do its work: {last_line or 'it said nothing'}")
