"""Computing boards and putting them where pages read them."""

from __future__ import annotations

import gc
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from django.db import connection, transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from leaderboard.aggregation import Floats
from leaderboard.frames import (
    BoardDefinition,
    Frame,
    MetaFacts,
    Results,
    RowSource,
    build_frame,
    load_meta_facts,
    load_results,
)
from leaderboard.importing.worker import array_literal
from leaderboard.models import Benchmark, Board, BoardLanguageRow, BoardRow, DataVersion, ModelMeta, Scope
from leaderboard.ranking import Summary, TaskTable, language_table, summarise, task_table

_ROW_COLUMNS = (
    "board_id",
    "model_meta_id",
    "experiment_id",
    "revision",
    "revisions",
    "origins",
    "position",
    "task_position",
    "rank",
    "borda_rank",
    "zero_shot",
    "n_done",
    "mean_task",
    "mean_task_type",
    "mean_subset",
    "mean_public",
    "mean_private",
    "type_means",
    "group_means",
    "task_scores",
)
_MEANS = ("mean_task", "mean_task_type", "mean_subset", "mean_public", "mean_private")


def publish_all_boards() -> None:
    """Compute every board anew."""
    publish_boards(benchmarks=Benchmark.objects.all())


@transaction.atomic
def publish_boards(*, benchmarks: QuerySet[Benchmark], scopes: Sequence[Scope] = tuple(Scope)) -> int:
    """Replace the boards of some benchmarks and bump the data version, which is returned.

    Everything happens in one transaction: readers see all of the old boards or all of the new ones.
    """
    version = bump_data_version()
    definitions = [BoardDefinition(benchmark) for benchmark in benchmarks]
    task_ids = {task_id for definition in definitions for task_id in definition.task_ids}
    meta_facts = load_meta_facts()
    revisions = dict(ModelMeta.objects.values_list("id", "registry_revision"))
    by_language = {
        task_id for definition in definitions if definition.benchmark.language_view for task_id in definition.task_ids
    }
    with _no_garbage_collection():
        results = load_results(scopes, task_ids, languages_of=by_language)
        for scope in scopes:
            _delete_boards(definitions, scope)
            for definition in definitions:
                _write_board(definition, scope, version, results[scope], meta_facts, revisions)
    return version


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    """A frame is a few hundred thousand small objects without cycles; looking for cycles among them costs a fifth of
    the time.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def lock_publishing() -> None:
    """Wait until nobody else changes what counts; held until the end of the transaction."""
    DataVersion.objects.get_or_create(pk=1)
    DataVersion.objects.select_for_update().get(pk=1)


def bump_data_version() -> int:
    """Let the data version grow by one."""
    lock_publishing()
    DataVersion.objects.update(number=F("number") + 1, changed_at=timezone.now())
    return DataVersion.objects.get(pk=1).number


def _delete_boards(definitions: Iterable[BoardDefinition], scope: Scope) -> None:
    benchmark_ids = [definition.benchmark.pk for definition in definitions]
    boards = Board.objects.filter(benchmark__in=benchmark_ids, scope=scope)
    for rows in (BoardRow, BoardLanguageRow):
        rows.objects.filter(board__in=boards)._raw_delete("default")
    boards._raw_delete("default")


def _write_board(
    definition: BoardDefinition,
    scope: Scope,
    version: int,
    results: Results,
    meta_facts: dict[int, MetaFacts],
    revisions: dict[int, str | None],
) -> None:
    frame = build_frame(definition, results, meta_facts)
    summary = summarise(frame.cells, frame.rules, frame.entrants) if frame else None
    tasks = task_table(frame.cells) if frame else None
    languages = (
        language_table(frame.cells, frame.languages, definition.benchmark.language_view)
        if frame and definition.benchmark.language_view
        else None
    )
    board = Board.objects.create(
        benchmark=definition.benchmark,
        scope=scope,
        data_version=version,
        n_declared_tasks=definition.n_declared_tasks,
        task_names=_names(frame, tasks),
        summary_task_names=_names(frame, summary),
        task_types=list(summary.type_means) if summary else [],
        groups=[list(key) for key in summary.group_means] if summary else [],
        languages=languages.languages if languages else [],
    )
    if frame is None:
        return
    _copy(BoardRow, _ROW_COLUMNS, _rows(board, frame, summary, tasks, revisions))
    if languages is not None:
        _copy(
            BoardLanguageRow,
            ("board_id", "model_meta_id", "position", "scores"),
            (
                (board.pk, frame.model_meta_ids[model], position, array_literal(scores))
                for position, (model, scores) in enumerate(zip(languages.models, _plain(languages.scores), strict=True))
            ),
        )


def _names(frame: Frame | None, table: Summary | TaskTable | None) -> list[str]:
    return [frame.rules.task_names[task] for task in table.tasks] if frame and table else []


def _rows(
    board: Board, frame: Frame, summary: Summary | None, tasks: TaskTable | None, revisions: dict[int, str | None]
) -> Iterable[tuple[Any, ...]]:
    """One row for every variant that stands in the summary or in the per-task table, in the order of `_ROW_COLUMNS`."""
    in_summary = {int(row): place for place, row in enumerate(summary.rows)} if summary else {}
    in_tasks = {int(row): place for place, row in enumerate(tasks.rows)} if tasks else {}
    task_scores = _plain(tasks.scores) if tasks else []
    summary_columns = _summary_columns(summary) if summary else []
    nothing: tuple[Any, ...] = (None, None, None, 0, None, None, None, None, None, [], [])
    for row in dict.fromkeys([*in_summary, *in_tasks]):
        source = frame.rows[row]
        place, task_place = in_summary.get(row), in_tasks.get(row)
        yield (
            board.pk,
            source.model_meta_id,
            source.experiment_id,
            _main_revision(source, revisions[source.model_meta_id]),
            sorted(source.cells_by_revision),
            sorted(source.kinds),
            place,
            task_place,
            *(nothing if place is None else summary_columns[place]),
            "{}" if task_place is None else array_literal(task_scores[task_place]),
        )


def _summary_columns(summary: Summary) -> list[tuple[Any, ...]]:
    """(rank, borda_rank, zero_shot, n_done, the five means, type means, group means) for each row of the summary."""
    n = len(summary.rows)
    blank: list[float | None] = [None] * n
    means = []
    for name in _MEANS:
        values = summary.means[name]
        means.append(blank if values is None else _plain(values))
    done = (~np.isnan(summary.task_scores)).sum(axis=1).tolist()
    return list(
        zip(
            summary.rank.tolist(),
            summary.borda_rank.tolist(),
            summary.zero_shot,
            done,
            *means,
            _columns(summary.type_means.values(), n),
            _columns(summary.group_means.values(), n),
            strict=True,
        )
    )


def _columns(columns: Collection[Floats], n: int) -> list[Any]:
    return _plain(np.column_stack(list(columns))) if columns else [[] for _ in range(n)]


def _plain(values: Floats) -> list[Any]:
    """As (nested) lists with None for NaN."""
    plain = values.astype(object)
    plain[np.isnan(values)] = None
    return plain.tolist()


def _main_revision(source: RowSource, registry_revision: str | None) -> str:
    """The registry's revision if any cell comes from it, else the one with most cells."""
    if registry_revision in source.cells_by_revision:
        return str(registry_revision)
    return min(source.cells_by_revision, key=lambda name: (-source.cells_by_revision[name], name))


def _copy(model: type[Any], columns: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> None:
    statement = f"COPY {model._meta.db_table} ({', '.join(columns)}) FROM STDIN"
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)
