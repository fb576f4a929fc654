"""Asks a server for one address again and again over several connections: python -m leaderboard.benchmarking.load."""

from __future__ import annotations

import json
import socket
import sys
import threading
import time
from dataclasses import asdict, dataclass

CONNECTIONS = 8


@dataclass(frozen=True)
class Load:
    """`n_bytes` is the size of an answer's body as sent."""

    per_second: float
    n_bytes: int


def load(host: str, port: int, address: str, duration: float) -> Load:
    """Every connection is kept and asked again as soon as it has answered. Raises ValueError for an answer but 200."""
    counts, sizes, problems = [0] * CONNECTIONS, [0] * CONNECTIONS, []

    def ask(number: int) -> None:
        try:
            counts[number], sizes[number] = _ask(host, port, address, duration)
        except (OSError, ValueError) as problem:
            problems.append(problem)

    threads = [threading.Thread(target=ask, args=[number]) for number in range(CONNECTIONS)]
    begun = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if problems:
        raise ValueError(f"{address}: {problems[0]}")
    return Load(sum(counts) / (time.monotonic() - begun), max(sizes))


def _ask(host: str, port: int, address: str, duration: float) -> tuple[int, int]:
    request = f"GET {address} HTTP/1.1\r\nHost: {host}:{port}\r\nAccept-Encoding: gzip\r\n\r\n".encode()
    count, length = 0, 0
    ends = time.monotonic() + duration
    connection = socket.create_connection((host, port))
    answers = connection.makefile("rb")
    while time.monotonic() < ends:
        connection.sendall(request)
        status = answers.readline()
        if b" 200 " not in status:
            raise ValueError(status.decode(errors="replace").strip() or "the connection was closed")
        closes = False
        while (line := answers.readline().lower()) not in (b"\r\n", b""):
            if line.startswith(b"content-length:"):
                length = int(line.partition(b":")[2])
            closes = closes or line.startswith(b"connection: close")
        answers.read(length)
        count += 1
        if closes:
            connection.close()
            connection = socket.create_connection((host, port))
            answers = connection.makefile("rb")
    connection.close()
    return count, length


if __name__ == "__main__":
    host, port, address, duration = sys.argv[1:]
    print(json.dumps(asdict(load(host, int(port), address, float(duration)))))
