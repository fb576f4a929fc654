"""The worker's end of the evaluating process: starts it in a clean environment, talks to it, ends it."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from evaluation.redaction import LOG_LIMIT, presentable_log

COMMAND = (sys.executable, "-m", "evaluation.runner")
PASSED_ON = {
    "PATH",
    "LANG",
    "LC_ALL",
    "TZ",
    "LD_LIBRARY_PATH",
    "CUDA_VISIBLE_DEVICES",
    "CUDA_HOME",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "REQUESTS_CA_BUNDLE",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
}
PASSED_ON_PREFIXES = ("HF_", "OMP_", "MKL_", "NVIDIA_", "NCCL_", "PYTORCH_", "TORCH_")
SECRET_NAMES = ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN")
RAW_LOG_LIMIT = 4 * LOG_LIMIT
READ_SIZE = 1 << 16


def clean_environment(surroundings: Mapping[str, str], *, home: Path, hf_home: Path, threads: int) -> dict[str, str]:
    """What the evaluating process may know: no database, no secret key, nothing that is not on the list."""
    kept = {
        name: value for name, value in surroundings.items() if name in PASSED_ON or name.startswith(PASSED_ON_PREFIXES)
    }
    defaults = {"HF_HOME": str(hf_home), "OMP_NUM_THREADS": str(threads)}
    fixed = {
        "HOME": str(home),
        "TMPDIR": str(home),
        "PYTHONUNBUFFERED": "1",
        "PYTHONIOENCODING": "utf-8",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "DO_NOT_TRACK": "1",
    }
    return defaults | kept | fixed


class EvaluatingProcess:
    """One process for one model; it evaluates task after task. Leaving the `with` block ends it, whatever it does."""

    def __init__(
        self,
        model: Mapping[str, Any],
        *,
        folder: Path,
        hf_home: Path,
        threads: int,
        command: tuple[str, ...] = COMMAND,
    ) -> None:
        self._home = tempfile.TemporaryDirectory(prefix="podium-evaluation-", ignore_cleanup_errors=True)
        environment = clean_environment(os.environ, home=Path(self._home.name), hf_home=hf_home, threads=threads)
        self._secrets = [environment[name] for name in SECRET_NAMES if environment.get(name)]
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=folder,
            env=environment,
            start_new_session=True,
            bufsize=0,
        )
        self._selector = selectors.DefaultSelector()
        for stream, take in ((self._process.stdout, self._take_events), (self._process.stderr, self._take_log)):
            if stream:
                self._selector.register(stream, selectors.EVENT_READ, take)
        self._unread = b""
        self._log = b""
        self._events: list[dict[str, Any]] = []
        self._send({"model": dict(model)})

    def __enter__(self) -> EvaluatingProcess:
        return self

    def __exit__(self, *exception: object) -> None:
        self.end()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def return_code(self) -> int | None:
        """None while it lives. A negative number is the signal that ended it."""
        return self._process.poll()

    @property
    def log(self) -> str:
        """What it has written so far for this order."""
        if self._selector.get_map():
            for key, _ in self._selector.select(0):
                self._read(key)
        return presentable_log(self._log, self._secrets)

    def order(self, task: Mapping[str, Any], *, batch_size: int) -> None:
        """Have it evaluate a task. The log starts anew."""
        self._log = b""
        self._send({"task": dict(task), "batch_size": batch_size})

    def events(self, seconds: float) -> Iterator[dict[str, Any]]:
        """What it says in the next `seconds`; ends earlier with the process, or after an event."""
        deadline = time.monotonic() + seconds
        while not self._events and self._selector.get_map():
            ready = self._selector.select(max(deadline - time.monotonic(), 0))
            if not ready:
                break
            for key, _ in ready:
                self._read(key)
        while self._events:
            yield self._events.pop(0)

    def end(self) -> None:
        """Kill it with all that it started, and forget its folder."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._selector.close()
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            if stream:
                stream.close()
        self._home.cleanup()

    def _send(self, message: Mapping[str, Any]) -> None:
        if self._process.stdin:
            # If it has died, the return code says so to whoever waits for events.
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.write((json.dumps(message) + "\n").encode())

    def _read(self, key: selectors.SelectorKey) -> None:
        data = os.read(key.fd, READ_SIZE)
        if data:
            key.data(data)
        else:
            self._selector.unregister(key.fileobj)
            if not self._selector.get_map():
                self._process.wait()

    def _take_events(self, data: bytes) -> None:
        *lines, self._unread = (self._unread + data).split(b"\n")
        self._events.extend(json.loads(line) for line in lines)

    def _take_log(self, data: bytes) -> None:
        self._log += data
        if len(self._log) > RAW_LOG_LIMIT:
            kept = self._log[-RAW_LOG_LIMIT:]
            self._log = kept.partition(b"\n")[2] or kept
