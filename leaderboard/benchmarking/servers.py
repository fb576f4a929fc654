"""Servers as the benchmark starts them, and how it asks them."""

from __future__ import annotations

import gzip
import http.client
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from config.web_server import gunicorn_command
from leaderboard.benchmarking.database import BenchDatabase
from leaderboard.benchmarking.mteb_side import MtebSide
from leaderboard.benchmarking.watching import BenchmarkFailed, failure, started

HOST = "127.0.0.1"
_RETRY_SECONDS = 0.005
_PATIENCE_SECONDS = 300


@dataclass(frozen=True)
class Answer:
    """`seconds` until the last byte, `n_bytes` as sent."""

    seconds: float
    body: bytes
    n_bytes: int


@dataclass(frozen=True)
class Server:
    """How a server is started: its command for a port, and the folder it is started in."""

    name: str
    command: Callable[[int], list[str]]
    environment: Mapping[str, str]
    folder: Path
    log: Path


def our_server(database: BenchDatabase, log: Path, *, workers: int = 1) -> Server:
    """gunicorn as `script/server` starts it, with that many processes."""

    def command(port: int) -> list[str]:
        return gunicorn_command(host=HOST, port=port, workers=workers)

    return Server("Podium", command, database.environment(), settings.BASE_DIR, log)


def their_server(mteb_side: MtebSide, folder: Path, log: Path) -> Server:
    """mteb's server would read a file .env where it stands."""
    return Server("mteb", mteb_side.server_command, mteb_side.environment, folder, log)


@dataclass(frozen=True)
class Running:
    """A server that answers; `first` is what it answered first, on the clock from its start."""

    process: subprocess.Popen[bytes]
    port: int
    first: Answer

    def ask(self, address: str) -> Answer:
        begun = time.monotonic()
        body = _ask(self.port, address)
        return Answer(time.monotonic() - begun, gzip.decompress(body), len(body))


@contextmanager
def running(server: Server, address: str) -> Iterator[Running]:
    """The server from its start on, asked for an address until it answers."""
    port = _free_port()
    begun = time.monotonic()
    with started(server.command(port), server.environment, server.log, folder=server.folder) as process:
        body = _ask_until_answered(server, port, address, process)
        yield Running(process, port, Answer(time.monotonic() - begun, gzip.decompress(body), len(body)))


def _ask_until_answered(server: Server, port: int, address: str, process: subprocess.Popen[bytes]) -> bytes:
    """The compressed answer."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            return _ask(port, address)
        except (ConnectionError, http.client.BadStatusLine):
            time.sleep(_RETRY_SECONDS)
    raise failure(server.command(port), server.log)


def _ask(port: int, address: str) -> bytes:
    asking = http.client.HTTPConnection(HOST, port, timeout=_PATIENCE_SECONDS)
    try:
        asking.request("GET", address, headers={"Accept-Encoding": "gzip"})
        answer = asking.getresponse()
        body = answer.read()
    finally:
        asking.close()
    if answer.status != 200 or answer.getheader("Content-Encoding") != "gzip":
        raise BenchmarkFailed(f"{address} was answered with status {answer.status}, not with a compressed page.")
    return body


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
