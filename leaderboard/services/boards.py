"""Computing boards and putting them where pages read them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection, transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from leaderboard.board_tables import LANGUAGE_ROW_COLUMNS, ROW_COLUMNS, BoardTables, Job, compute_tables
from leaderboard.frames import BoardDefinition, load_meta_facts, load_results
from leaderboard.garbage import no_garbage_collection
from leaderboard.models import Benchmark, Board, BoardCube, BoardLanguageRow, BoardRow, DataVersion, Scope, TaskRow
from leaderboard.services.history import record_ranks
from leaderboard.services.languages import publish_languages
from leaderboard.services.table_sizes import analyze
from leaderboard.services.task_rows import publish_task_rows

CHANNEL = "podium_data"
"""Where PostgreSQL announces a new data version."""


@no_garbage_collection()
@transaction.atomic
def publish_all_boards() -> None:
    """Compute every board, every task's table and every language anew."""
    lock_publishing()
    publish_task_rows()
    analyze(TaskRow)
    publish_languages()
    publish_boards(benchmarks=Benchmark.objects.all())


@no_garbage_collection()
@transaction.atomic
def publish_boards(*, benchmarks: QuerySet[Benchmark], scopes: Sequence[Scope] = tuple(Scope)) -> int:
    """Replace the boards of some benchmarks and bump the data version, which is returned.

    Everything happens in one transaction: readers see all of the old boards or all of the new ones.
    """
    version = bump_data_version()
    definitions = [BoardDefinition(benchmark) for benchmark in benchmarks]
    jobs = [Job(scope, definition) for scope in scopes for definition in definitions]
    results = load_results(scopes, {task_id for definition in definitions for task_id in definition.task_ids})
    _delete_boards(definitions, scopes)
    for job, tables in zip(jobs, compute_tables(jobs, results, load_meta_facts()), strict=True):
        _store(job, tables, version)
    record_ranks(benchmarks=[definition.benchmark for definition in definitions], scopes=scopes)
    return version


def lock_publishing() -> None:
    """Wait until nobody else changes what counts; held until the end of the transaction."""
    DataVersion.objects.get_or_create(pk=1)
    DataVersion.objects.select_for_update().get(pk=1)


def bump_data_version() -> int:
    """Let the data version grow by one, and tell the web processes once this is committed."""
    lock_publishing()
    with connection.cursor() as cursor:
        cursor.execute(f"NOTIFY {CHANNEL}")
    DataVersion.objects.update(number=F("number") + 1, changed_at=timezone.now())
    return DataVersion.objects.get(pk=1).number


def _delete_boards(definitions: Iterable[BoardDefinition], scopes: Sequence[Scope]) -> None:
    benchmark_ids = [definition.benchmark.pk for definition in definitions]
    boards = Board.objects.filter(benchmark__in=benchmark_ids, scope__in=scopes)
    for rows in (BoardRow, BoardLanguageRow, BoardCube):
        rows.objects.filter(board__in=boards)._raw_delete("default")
    boards._raw_delete("default")


def _store(job: Job, tables: BoardTables, version: int) -> None:
    board = Board.objects.create(
        benchmark=job.definition.benchmark,
        scope=job.scope,
        data_version=version,
        n_declared_tasks=job.definition.n_declared_tasks,
        n_rows=tables.n_rows,
        **tables.columns,
    )
    _store_cube(board, tables.cube)
    _copy(BoardRow, board, ROW_COLUMNS, tables.rows)
    _copy(BoardLanguageRow, board, LANGUAGE_ROW_COLUMNS, tables.language_rows)


def _store_cube(board: Board, cube: bytes) -> None:
    """Not with INSERT, for which megabytes would be spelled out as text."""
    statement = f"COPY {BoardCube._meta.db_table} (board_id, data) FROM STDIN (FORMAT BINARY)"
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.set_types(["int8", "bytea"])
        copy.write_row((board.pk, cube))


def _copy(model: type[Any], board: Board, columns: Sequence[str], lines: Sequence[bytes]) -> None:
    if not lines:
        return
    statement = f"COPY {model._meta.db_table} (board_id, {', '.join(columns)}) FROM STDIN"
    of_board = f"{board.pk}\t".encode()
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.write(b"".join([of_board + line for line in lines]))
