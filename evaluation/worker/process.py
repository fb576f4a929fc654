"""The worker's end of the evaluating process: starts it in a clean environment, talks to it, ends it."""

from __future__ import annotations

import contextlib
import json
import math
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evaluation.failures import Failure
from evaluation.logs.redaction import LOG_LIMIT, presentable_log, redact
from evaluation.worker.homes import Home
from evaluation.worker.hub_gateway import HUB_HOSTS, Gateway
from evaluation.worker.limits import Limits, Watch
from evaluation.worker.sandbox import BUBBLEWRAP, confined

COMMAND = (sys.executable, "-m", "evaluation.evaluator.runner")
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
LARGEST_EVENT = 1 << 28
GATEWAY_NAME = "hub.sock"
SHELL_SIGNALS = 128


@dataclass(frozen=True)
class Surroundings:
    """What a run may see and take.

    `confinement` is how code of the model or of a task is isolated (see sandbox.py), None for a run without such code.
    `readable` are folders that a confined run needs besides; `token` opens the Hub for this run alone.
    """

    folder: Path
    hf_home: Path
    threads: int
    limits: Limits
    confinement: str | None = None
    readable: Sequence[Path] = ()
    hub_hosts: Sequence[str] = HUB_HOSTS
    token: str | None = None


def clean_environment(host: Mapping[str, str], wanted: Surroundings, *, home: Path) -> dict[str, str]:
    """What the evaluating process may know: no database, no secret key, nothing that is not on the list.

    Code of a model or a task gets neither the board's token nor the cache that other runs read from.
    """
    kept = {name: value for name, value in host.items() if name in PASSED_ON or name.startswith(PASSED_ON_PREFIXES)}
    defaults = {"HF_HOME": str(wanted.hf_home), "OMP_NUM_THREADS": str(wanted.threads)}
    fixed = {
        "HOME": str(home),
        "TMPDIR": str(home),
        "PYTHONPATH": str(wanted.folder),
        "PYTHONUNBUFFERED": "1",
        "PYTHONIOENCODING": "utf-8",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "DO_NOT_TRACK": "1",
    }
    if wanted.confinement is not None:
        kept = {name: value for name, value in kept.items() if name not in SECRET_NAMES}
        fixed["HF_HOME"] = str(home / "hf")
    if wanted.confinement == BUBBLEWRAP:
        kept = {name: value for name, value in kept.items() if "proxy" not in name.lower()}
    if wanted.token is not None:
        # What the token opens goes with the process: other runs must not find it in the shared cache.
        fixed |= {"HF_TOKEN": wanted.token, "HF_HUB_CACHE": str(home / "hub")}
    return defaults | kept | fixed


def storable(value: Any) -> Any:
    """What JSON said without what the database cannot store: NUL and halves of surrogate pairs in texts, and NaN."""
    match value:
        case str():
            return value.replace("\0", "").encode("utf-8", "ignore").decode()
        case list():
            return [storable(entry) for entry in value]
        case dict():
            return {storable(name): storable(entry) for name, entry in value.items()}
        case float():
            return value if math.isfinite(value) else None
        case _:
            return value


class EvaluatingProcess:
    """One process for one model; it evaluates task after task. Leaving the `with` block ends it, whatever it does."""

    def __init__(
        self, model: Mapping[str, Any], surroundings: Surroundings, *, command: tuple[str, ...] = COMMAND
    ) -> None:
        with contextlib.ExitStack() as undone:
            self._home = Home()
            undone.callback(self._home.remove)
            home = self._home.path
            environment = clean_environment(os.environ, surroundings, home=home)
            self._secrets = [environment[name] for name in SECRET_NAMES if environment.get(name)]
            self._gateway: Gateway | None = None
            if surroundings.confinement == BUBBLEWRAP:
                self._gateway = Gateway(home / GATEWAY_NAME, surroundings.hub_hosts)
                undone.callback(self._gateway.close)
                code = surroundings.folder / "evaluation"
                command = tuple(confined(command, home=home, code=code, readable=surroundings.readable))
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd=home,
                env=environment,
                start_new_session=True,
                bufsize=0,
            )
            undone.pop_all()
        self._watch = Watch(self._process.pid, home, surroundings.limits)
        self._selector = selectors.DefaultSelector()
        for stream, take in ((self._process.stdout, self._take_events), (self._process.stderr, self._take_log)):
            if stream:
                self._selector.register(stream, selectors.EVENT_READ, take)
        self._unread = b""
        self._log = b""
        self._events: list[dict[str, Any]] = []
        self._send(
            {
                "model": dict(model),
                "limits": surroundings.limits.for_process(),
                "gateway": str(home / GATEWAY_NAME) if self._gateway else None,
            }
        )

    def __enter__(self) -> EvaluatingProcess:
        return self

    def __exit__(self, *exception: object) -> None:
        self.end()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def return_code(self) -> int | None:
        """None while it lives. A negative number is the signal that ended it; the sandbox tells it as a shell does."""
        code = self._process.poll()
        return SHELL_SIGNALS - code if self._gateway and code is not None and code > SHELL_SIGNALS else code

    def beyond_limits(self) -> Failure | None:
        """What it takes more of than it may, now."""
        return self._watch.look()

    @property
    def log(self) -> str:
        """What it has written so far for this order."""
        if self._selector.get_map():
            for key, _ in self._selector.select(0):
                self._read(key)
        return presentable_log(self._log, self._secrets)

    def without_secrets(self, text: str) -> str:
        """The text as others may read it: without the token of its run either."""
        return redact(text, self._secrets)

    def order(self, task: Mapping[str, Any], *, batch_size: int, keeps_predictions: bool = False) -> None:
        """Have it evaluate a task. The log starts anew."""
        self._log = b""
        self._send({"task": dict(task), "batch_size": batch_size, "keeps_predictions": keeps_predictions})

    def announce(self, task: Mapping[str, Any]) -> None:
        """Say which task will probably come next, so that its dataset can be fetched meanwhile."""
        self._send({"next": dict(task)})

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
        self._watch.kill_stragglers()
        self._process.wait()
        if self._gateway:
            self._gateway.close()
        self._selector.close()
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            if stream:
                stream.close()
        self._home.remove()

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
        """Code of a model could write here, too: what is no event ends the process like any other fault of it."""
        *lines, self._unread = (self._unread + data).split(b"\n")
        try:
            said = [storable(json.loads(line)) for line in lines]
            if not all(isinstance(event, dict) for event in said):
                raise ValueError
        except (ValueError, RecursionError):
            said = [{"event": "nonsense"}]
        if len(self._unread) > LARGEST_EVENT:
            self._unread, said = b"", [{"event": "nonsense"}]
        self._events.extend(said)

    def _take_log(self, data: bytes) -> None:
        self._log += data
        if len(self._log) > RAW_LOG_LIMIT:
            kept = self._log[-RAW_LOG_LIMIT:]
            self._log = kept.partition(b"\n")[2] or kept
