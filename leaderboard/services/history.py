"""Writing down how boards stand, whenever they are published."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any

from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone

from leaderboard.models import Benchmark, BoardSnapshot, Scope
from leaderboard.selectors.boards import mean_names

BoardKey = tuple[int, str]

_BOARDS = """
    CREATE TEMPORARY TABLE board_now ON COMMIT DROP AS
    SELECT board.id AS board_id, board.benchmark_id, board.scope, chosen.mean_name, board.data_version,
           board.n_declared_tasks, cardinality(board.summary_task_names) AS n_run_tasks
    FROM leaderboard_board AS board
    JOIN unnest(%(benchmarks)s::bigint[], %(mean_names)s::text[]) AS chosen (benchmark_id, mean_name)
        USING (benchmark_id)
    WHERE board.scope = ANY(%(scopes)s)
"""
_PLACES = """
    CREATE TEMPORARY TABLE place_now ON COMMIT DROP AS
    SELECT board.benchmark_id, board.scope, place.model_meta_id, place.experiment_id, place.rank, place.n_done,
           CASE board.mean_name
               WHEN 'mean_task' THEN place.mean_task
               WHEN 'mean_task_type' THEN place.mean_task_type
               WHEN 'mean_subset' THEN place.mean_subset
               WHEN 'mean_public' THEN place.mean_public
               WHEN 'mean_private' THEN place.mean_private
           END AS mean
    FROM board_now AS board JOIN leaderboard_boardrow AS place USING (board_id)
    WHERE place.position IS NOT NULL
"""
_OUTDATED = """
    CREATE TEMPORARY TABLE outdated ON COMMIT DROP AS
    SELECT record.benchmark_id, record.scope, record.since, record.model_meta_id, record.experiment_id
    FROM leaderboard_rankrecord AS record
    WHERE record.until IS NULL AND record.benchmark_id = ANY(%(benchmarks)s) AND record.scope = ANY(%(scopes)s)
      AND NOT EXISTS (
          SELECT FROM place_now AS place
          WHERE (place.benchmark_id, place.scope, place.model_meta_id, place.experiment_id)
              = (record.benchmark_id, record.scope, record.model_meta_id, record.experiment_id)
            AND (place.rank, place.n_done) = (record.rank, record.n_done)
            AND place.mean IS NOT DISTINCT FROM record.mean)
"""
# What was written earlier on the same day never stood at the end of a day.
_FORGET = """
    DELETE FROM leaderboard_rankrecord AS record USING outdated
    WHERE (record.benchmark_id, record.scope, record.since, record.model_meta_id, record.experiment_id)
        = (outdated.benchmark_id, outdated.scope, outdated.since, outdated.model_meta_id, outdated.experiment_id)
      AND record.since = %(day)s
"""
_END = """
    UPDATE leaderboard_rankrecord AS record SET until = %(day)s FROM outdated
    WHERE (record.benchmark_id, record.scope, record.since, record.model_meta_id, record.experiment_id)
        = (outdated.benchmark_id, outdated.scope, outdated.since, outdated.model_meta_id, outdated.experiment_id)
"""
_BEGIN = """
    WITH begun AS (
        INSERT INTO leaderboard_rankrecord
            (benchmark_id, scope, model_meta_id, experiment_id, since, rank, n_done, mean)
        SELECT benchmark_id, scope, model_meta_id, experiment_id, %(day)s, rank, n_done, mean
        FROM place_now AS place
        WHERE NOT EXISTS (
            SELECT FROM leaderboard_rankrecord AS record
            WHERE record.until IS NULL
              AND (record.benchmark_id, record.scope, record.model_meta_id, record.experiment_id)
                = (place.benchmark_id, place.scope, place.model_meta_id, place.experiment_id))
        RETURNING benchmark_id, scope)
    SELECT benchmark_id, scope FROM begun UNION SELECT benchmark_id, scope FROM outdated
"""
_SNAPSHOT = """
    INSERT INTO leaderboard_boardsnapshot
        (benchmark_id, scope, day, data_version, recorded_at, n_rows, n_declared_tasks, n_run_tasks, mean_name)
    SELECT board.benchmark_id, board.scope, %(day)s, board.data_version, statement_timestamp(),
           (SELECT count(*) FROM place_now AS place
            WHERE (place.benchmark_id, place.scope) = (board.benchmark_id, board.scope)),
           board.n_declared_tasks, board.n_run_tasks, board.mean_name
    FROM board_now AS board
    LEFT JOIN LATERAL (
        SELECT n_declared_tasks, n_run_tasks FROM leaderboard_boardsnapshot AS snapshot
        WHERE (snapshot.benchmark_id, snapshot.scope) = (board.benchmark_id, board.scope)
        ORDER BY day DESC LIMIT 1
    ) AS latest ON true
    WHERE (board.benchmark_id, board.scope) IN (
            SELECT * FROM unnest(%(changed_benchmarks)s::bigint[], %(changed_scopes)s::text[]))
        OR (latest.n_declared_tasks, latest.n_run_tasks) <> (board.n_declared_tasks, board.n_run_tasks)
    ON CONFLICT (benchmark_id, scope, day) DO UPDATE SET
        (data_version, recorded_at, n_rows, n_declared_tasks, n_run_tasks, mean_name)
            = (EXCLUDED.data_version, EXCLUDED.recorded_at, EXCLUDED.n_rows, EXCLUDED.n_declared_tasks,
               EXCLUDED.n_run_tasks, EXCLUDED.mean_name)
    RETURNING benchmark_id, scope
"""


@transaction.atomic
def record_ranks(
    *, benchmarks: Collection[Benchmark], scopes: Collection[Scope], day: date | None = None
) -> set[BoardKey]:
    """Write down the places on the boards as they stand; returns the boards that changed.

    Call it in the transaction that publishes them, which keeps other publishers waiting. `day` is today unless a later
    day is on record already: time in the history never runs backwards.
    """
    arguments: dict[str, Any] = {
        "benchmarks": [benchmark.pk for benchmark in benchmarks],
        "mean_names": [next(iter(mean_names(benchmark)), "mean_task") for benchmark in benchmarks],
        "scopes": [scope.value for scope in scopes],
    }
    recorded = BoardSnapshot.objects.filter(benchmark__in=arguments["benchmarks"], scope__in=arguments["scopes"])
    latest = recorded.aggregate(day=Max("day"))["day"]
    arguments["day"] = max(filter(None, (day or timezone.now().date(), latest)))
    with connection.cursor() as cursor:
        for statement in (_BOARDS, _PLACES, _OUTDATED, _FORGET, _END, _BEGIN):
            cursor.execute(statement, arguments)
        changed = cursor.fetchall()
        arguments["changed_benchmarks"] = [benchmark for benchmark, _ in changed]
        arguments["changed_scopes"] = [scope for _, scope in changed]
        cursor.execute(_SNAPSHOT, arguments)
        changed = cursor.fetchall()
        cursor.execute("DROP TABLE board_now, place_now, outdated")
    return set(changed)
