"""The rows about the web process: from its start to the first full page, beside mteb's API server."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from urllib.parse import quote

import psutil

from leaderboard.benchmarking.database import BenchDatabase
from leaderboard.benchmarking.mteb_side import MtebSide
from leaderboard.benchmarking.report import Line, compared, megabytes, seconds
from leaderboard.benchmarking.servers import Answer, Server, our_server, running, their_server
from leaderboard.benchmarking.watching import BenchmarkFailed, Memory, memory_of

BOARD = "MTEB(Multilingual, v2)"
REPETITIONS = 5
TIME_GOAL = 0.1
MEMORY_GOAL = 0.15
_ALL_ROWS = "?view=tasks&per_page=all"


@dataclass(frozen=True)
class Start:
    """What a server did from its start: its first answer, and its memory in the end."""

    answer: Answer
    memory: Memory


Report = Callable[[str], None]


def measure(database: BenchDatabase, mteb_side: MtebSide, folder: Path, say: Report) -> list[Line]:
    """Both servers, one after the other; the first start of each is for the page cache and not counted."""
    database.settle()
    (slug,) = database.fetch("SELECT slug FROM leaderboard_benchmark WHERE name = %s", BOARD)
    page = f"/benchmarks/{slug}/"
    log = folder / "server.log"
    ours, theirs = our_server(database, log), their_server(mteb_side, folder, log)
    return _lines(
        _starts(ours, [page, page + _ALL_ROWS], say),
        _starts(ours, [page + _ALL_ROWS], say),
        _starts(theirs, [f"/v1/benchmarks/{quote(BOARD, safe='')}/scores"], say),
    )


def _lines(default: Sequence[Start], everything: Sequence[Start], theirs: Sequence[Start]) -> list[Line]:
    n_rows, n_all, n_theirs = _page_rows(default[0]), _page_rows(everything[0]), _json_rows(theirs[0])
    their_seconds = median(start.answer.seconds for start in theirs)
    their_memory = median(start.memory.shared_out for start in theirs)
    their_size = theirs[0].answer.n_bytes // 1000
    lines = [
        compared(
            f"start of the web process to the first {BOARD} page, {what}",
            median(start.answer.seconds for start in starts),
            their_seconds,
            seconds,
            goal=TIME_GOAL,
            remark=f" (JSON of {n_theirs} rows, {their_size} kB)",
        )
        for what, starts in (
            (f"default view ({n_rows} rows, {default[0].answer.n_bytes // 1000} kB)", default),
            (f"all rows with the per-task table ({n_all} rows, {everything[0].answer.n_bytes // 1000} kB)", everything),
        )
    ]
    return [
        *lines,
        compared(
            "memory after both pages, gunicorn and its worker",
            median(start.memory.shared_out for start in default),
            their_memory,
            megabytes,
            goal=MEMORY_GOAL,
        ),
        compared(
            "resident set of the worker alone",
            median(start.memory.largest for start in default),
            median(start.memory.largest for start in theirs),
            megabytes,
        ),
    ]


def _starts(server: Server, addresses: Sequence[str], say: Report) -> list[Start]:
    counted = []
    for number in range(REPETITIONS + 1):
        start = _start(server, addresses)
        say(f"{server.name}: {addresses[0]} after {seconds(start.answer.seconds)}{'' if number else ' (not counted)'}")
        if number:
            counted.append(start)
    return counted


def _start(server: Server, addresses: Sequence[str]) -> Start:
    """Start a server, ask for every address in turn, and look at its memory; the answer is the first one."""
    with running(server, addresses[0]) as one:
        for address in addresses[1:]:
            one.ask(address)
        return Start(one.first, memory_of(psutil.Process(one.process.pid)))


def _page_rows(start: Start) -> int:
    body = start.answer.body.partition(b"<tbody")[2].partition(b"</tbody>")[0]
    return _some(body.count(b"<tr"))


def _json_rows(start: Start) -> int:
    return _some(len(json.loads(start.answer.body)["rows"]))


def _some(n_rows: int) -> int:
    if not n_rows:
        raise BenchmarkFailed(f"{BOARD} has no rows in these results, so there is no page to wait for.")
    return n_rows
