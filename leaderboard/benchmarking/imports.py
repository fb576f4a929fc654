"""The rows about the import: `manage.py import_results` beside mteb's own reading of the same files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from leaderboard.benchmarking.database import MANAGE, BenchDatabase
from leaderboard.benchmarking.mteb_side import Loading
from leaderboard.benchmarking.report import Line, compared, megabytes, seconds
from leaderboard.benchmarking.watching import BenchmarkFailed, Measured, run_watched

TIME_GOAL = 0.25
MEMORY_GOAL = 0.3
AGAIN_GOAL = 0.1


@dataclass(frozen=True)
class Import:
    """An import into a new database, and the size of the database after it."""

    run: Measured
    n_files: int
    n_skipped: int
    size: int


def measure_first(location: Path, database: BenchDatabase, log: Path) -> Import:
    """Import into a new database, which stays filled."""
    database.renew()
    run = _import(location, database, log)
    n_files, n_skipped = database.fetch("SELECT n_files, n_skipped FROM leaderboard_importrun ORDER BY id DESC LIMIT 1")
    return Import(run, n_files, n_skipped, database.size())


def measure_again(location: Path, database: BenchDatabase, log: Path) -> Measured:
    """Import what was imported before. Raises BenchmarkFailed if that changed anything."""
    run = _import(location, database, log)
    n_new, n_gone = database.fetch("SELECT n_new, n_gone FROM leaderboard_importrun ORDER BY id DESC LIMIT 1")
    if n_new or n_gone:
        raise BenchmarkFailed(f"The second import of {location} was to change nothing: {n_new} new, {n_gone} gone.")
    return run


def _import(location: Path, database: BenchDatabase, log: Path) -> Measured:
    database.settle()
    command = [*MANAGE, "import_results", str(location)]
    return run_watched(command, database.environment(), log, database.postmaster())


def first_lines(kind: str, ours: Import, theirs: Loading) -> list[Line]:
    took = ours.run.seconds
    steps = f" (load {theirs.load:.1f} + frame {theirs.frame:.1f} + split {theirs.split:.1f})"
    files = f"{ours.n_files:,} files, {ours.n_skipped:,} of them not usable"
    server = ours.run.server_peak
    return [
        compared(f"import of the {kind} ({files})", took, theirs.seconds, seconds, goal=TIME_GOAL, remark=steps),
        compared("the same, with the start of mteb counted too", took, theirs.wall, seconds),
        compared(
            "the import's peak memory, all its processes", ours.run.peak, theirs.peak, megabytes, goal=MEMORY_GOAL
        ),
        Line("PostgreSQL's peak memory meanwhile", "not on this machine" if server is None else megabytes(server)),
        Line("the database on disk after it", megabytes(ours.size)),
    ]


def again_line(kind: str, again: Measured, first: Import) -> Line:
    what = f"second import of the {kind}, nothing changed"
    return compared(what, again.seconds, first.run.seconds, seconds, goal=AGAIN_GOAL, remark=" (its first import)")
