"""The rows about a board in use, beside mteb's API server: first pages, filters, cached pages, memory, ten times the
models.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from urllib.parse import quote

import psutil

from leaderboard.benchmarking.database import BenchDatabase
from leaderboard.benchmarking.load import CONNECTIONS, Load
from leaderboard.benchmarking.mteb_side import MtebSide
from leaderboard.benchmarking.report import Line, compared, kilobytes, megabytes, per_second, seconds
from leaderboard.benchmarking.servers import HOST, Running, Server, our_server, running, their_server
from leaderboard.benchmarking.tenfold import multiply_models
from leaderboard.benchmarking.watching import memory_of

LARGE, CACHED = "MTEB(Multilingual, v2)", "MTEB(eng, v2)"
MODEL = "intfloat/multilingual-e5-large"
# By mteb's name and our code. The first makes both sides load what they need, and is not counted.
LANGUAGES = {"Japanese": "jpn-Jpan", "English": "eng-Latn", "German": "deu-Latn"}
STARTS = 3
FIRST_PAGE_GOAL = 0.15
LANGUAGE_GOAL = 0.3
RATE_GOAL = 1.2
BYTES_GOAL = 0.3
MODEL_GOAL = 0.03
MEMORY_GOAL = 0.2
TENFOLD_GOAL = 2.5
LOAD_SECONDS = 5
_WORKERS = 2

Report = Callable[[str], None]


@dataclass(frozen=True)
class Addresses:
    """What a side is asked for; `languages` by mteb's name."""

    ready: str
    board: str
    languages: Mapping[str, str]
    model: str
    boards: Sequence[str]
    cached: str


@dataclass(frozen=True)
class Timings:
    """Seconds, medians over the starts; `memory` is the largest process after every board was asked for."""

    board: float
    languages: Mapping[str, float]
    model: float
    memory: float


def measure(database: BenchDatabase, mteb_side: MtebSide, folder: Path, say: Report) -> list[Line]:
    log = folder / "server.log"
    database.settle()
    benchmarks = database.fetch_all(
        "SELECT benchmark.name, benchmark.slug FROM leaderboard_benchmark AS benchmark"
        " JOIN leaderboard_board AS board ON board.benchmark_id = benchmark.id"
        " WHERE board.scope = 'all' AND board.n_rows > 0 AND benchmark.in_registry"
    )
    slugs = dict(benchmarks)
    ours = Addresses(
        ready="/",
        board=f"/benchmarks/{slugs[LARGE]}/",
        languages={name: f"/benchmarks/{slugs[LARGE]}/?lang={code}" for name, code in LANGUAGES.items()},
        model=f"/models/{MODEL}/",
        boards=[f"/benchmarks/{slug}/" for slug in slugs.values()],
        cached=f"/benchmarks/{slugs[CACHED]}/",
    )
    theirs = Addresses(
        ready="/v1/benchmarks",
        board=_scores(LARGE),
        languages={name: f"{_scores(LARGE)}?languages={name}" for name in LANGUAGES},
        model=f"/v1/models/{MODEL}/scores",
        boards=[_scores(name) for name in slugs],
        cached=_scores(CACHED),
    )
    server = our_server(database, log)
    quick = our_server(database, log, workers=_WORKERS)
    other = their_server(mteb_side, folder, log)
    once, their_once = _timings(server, ours, say), _timings(other, theirs, say)
    load, their_load = _load(quick, ours, say), _load(other, theirs, say)
    say("Podium gets ten times the models")
    multiply_models(database, folder / "podium.log")
    tenfold, tenfold_load = _timings(server, ours, say), _load(quick, ours, say)
    return [*_beside(once, their_once, load, their_load), *_tenfold(tenfold, once, tenfold_load, load)]


def _scores(benchmark: str) -> str:
    return f"/v1/benchmarks/{quote(benchmark, safe='')}/scores"


def _timings(server: Server, addresses: Addresses, say: Report) -> Timings:
    starts = []
    for number in range(STARTS):
        with running(server, addresses.ready) as one:
            starts.append(_one_start(one, addresses))
        say(f"{server.name}: {addresses.board} {seconds(starts[-1].board)} ({number + 1} of {STARTS})")
    return Timings(
        board=median(start.board for start in starts),
        languages={name: median(start.languages[name] for start in starts) for name in starts[0].languages},
        model=median(start.model for start in starts),
        memory=median(start.memory for start in starts),
    )


def _one_start(one: Running, addresses: Addresses) -> Timings:
    board = one.ask(addresses.board).seconds
    languages = {name: one.ask(address).seconds for name, address in addresses.languages.items()}
    model = one.ask(addresses.model).seconds
    for address in addresses.boards:
        one.ask(address)
    memory = memory_of(psutil.Process(one.process.pid)).largest
    return Timings(board, dict(list(languages.items())[1:]), model, memory)


def _load(server: Server, addresses: Addresses, say: Report) -> Load:
    """A cached page under load, asked for by a process of its own."""
    with running(server, addresses.cached) as one:
        command = [sys.executable, "-m", "leaderboard.benchmarking.load", HOST, str(one.port), addresses.cached]
        subprocess.run([*command, "1"], check=True, capture_output=True)
        done = subprocess.run([*command, str(LOAD_SECONDS)], check=True, capture_output=True)
    load = Load(**json.loads(done.stdout))
    say(f"{server.name}: {per_second(load.per_second)}, {kilobytes(load.n_bytes)}")
    return load


def _beside(once: Timings, theirs: Timings, load: Load, their_load: Load) -> list[Line]:
    return [
        compared(f"{LARGE}, first time since start, default page", once.board, theirs.board, seconds, FIRST_PAGE_GOAL),
        *(
            compared(
                f"the same, first time in {name}, ranks and intervals anew",
                taken,
                theirs.languages[name],
                seconds,
                LANGUAGE_GOAL,
            )
            for name, taken in once.languages.items()
        ),
        compared(
            f"cached {CACHED}, {CONNECTIONS} connections",
            load.per_second,
            their_load.per_second,
            per_second,
            RATE_GOAL,
            at_least=True,
        ),
        compared("its bytes, compressed", load.n_bytes, their_load.n_bytes, kilobytes, BYTES_GOAL),
        compared(f"{MODEL}, first time", once.model, theirs.model, seconds, MODEL_GOAL),
        compared(
            "resident memory of a web process after all boards", once.memory, theirs.memory, megabytes, MEMORY_GOAL
        ),
    ]


def _tenfold(tenfold: Timings, once: Timings, load: Load, once_load: Load) -> list[Line]:
    """Ten times the models, beside our own figures; a rate is compared by the time that a request takes."""
    what = "with ten times the models: "
    return [
        compared(f"{what}{LARGE}, first time", tenfold.board, once.board, seconds, TENFOLD_GOAL),
        *(
            compared(f"{what}first time in {name}", taken, once.languages[name], seconds, TENFOLD_GOAL)
            for name, taken in tenfold.languages.items()
        ),
        compared(
            f"{what}cached {CACHED}, time for a request",
            1000 / load.per_second,
            1000 / once_load.per_second,
            lambda value: f"{value:.3f} ms",
            TENFOLD_GOAL,
        ),
        compared(f"{what}{MODEL}, first time", tenfold.model, once.model, seconds, TENFOLD_GOAL),
        compared(f"{what}resident memory after all boards", tenfold.memory, once.memory, megabytes, TENFOLD_GOAL),
    ]
