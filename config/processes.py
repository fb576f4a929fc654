"""Several programs that run together and end together."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

STOP_SECONDS = 15


class ProgramEnded(Exception):
    """A program ended that should have gone on; the message says where its last words are."""


@dataclass(frozen=True)
class Program:
    name: str
    process: subprocess.Popen[bytes]
    log: Path


class Programs:
    """Each in a session of its own, so that Ctrl-C reaches only us, and we stop them in good order."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._programs: list[Program] = []

    def __enter__(self) -> Programs:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self, name: str, command: Sequence[str], surroundings: Mapping[str, str] | None = None) -> None:
        """What the program writes goes to `<name>.log`, begun anew."""
        self._logs.mkdir(parents=True, exist_ok=True)
        log = self._logs / f"{name}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, **(surroundings or {})},
                start_new_session=True,
            )
        self._programs.append(Program(name, process, log))

    def check(self) -> None:
        for program in self._programs:
            code = program.process.poll()
            if code is not None:
                raise ProgramEnded(f"The {program.name} ended unexpectedly (exit code {code}): see {program.log}.")

    def wait(self) -> None:
        """Until one of them ends, which raises ProgramEnded."""
        while True:
            self.check()
            time.sleep(0.5)

    def stop(self) -> None:
        for program in self._programs:
            program.process.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        for program in self._programs:
            with contextlib.suppress(subprocess.TimeoutExpired):
                program.process.wait(max(deadline - time.monotonic(), 0))
            # Whatever of the session is left, a child that outlived the program included.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(program.process.pid, signal.SIGKILL)
            program.process.wait()
        self._programs.clear()
