"""Storing a single result: one that was evaluated here or handed in."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import zstandard
from django.db import connection, transaction

from leaderboard.importing.worker import intern_cell_set
from leaderboard.models import Benchmark, ModelMeta, ResultSource, Scope, SourceKind, Task, TaskResult
from leaderboard.result_files import ParsedResult, TaskFacts, UnusableFile, parse_result
from leaderboard.services.boards import lock_publishing, publish_boards
from leaderboard.services.currency import choose_current_results
from leaderboard.services.languages import publish_languages
from leaderboard.services.model_metas import ensure_revision, ensure_variant
from leaderboard.services.task_rows import publish_task_rows


class ResultRefused(ValueError):
    """The result does not fit what it claims to be; the message says why."""


@dataclass(frozen=True)
class NewResult:
    """A result file as mteb writes it, and whose it is. `settings` are `experiment_kwargs`, None for the base run."""

    model_meta: ModelMeta
    revision: str
    settings: Mapping[str, Any] | None
    task: Task
    payload: bytes
    source_kind: SourceKind
    source_name: str
    source_path: str


def record_result(
    *,
    model_meta: ModelMeta,
    revision: str,
    settings: Mapping[str, Any] | None,
    task: Task,
    payload: bytes,
    source_kind: SourceKind,
    source_name: str,
    source_path: str,
) -> TaskResult:
    """Store a result file as a fact and put it on the boards, in one transaction.

    `payload` is the file as mteb writes it; `settings` are mteb's `experiment_kwargs`, None for the base run. The same
    content twice is one fact. Raises ResultRefused.
    """
    new = NewResult(model_meta, revision, settings, task, payload, source_kind, source_name, source_path)
    return record_results(results=[new])[0]


@transaction.atomic
def record_results(*, results: Sequence[NewResult]) -> list[TaskResult]:
    """Store result files as facts and put them on the boards, which are computed once. Raises ResultRefused."""
    lock_publishing()
    stored = [_store(new) for new in results]
    _publish([result for result, is_new in stored if is_new])
    return [result for result, _ in stored]


def _store(new: NewResult) -> tuple[TaskResult, bool]:
    parsed = read_result(new.payload, new.task)
    source, _ = ResultSource.objects.get_or_create(name=new.source_name, defaults={"kind": new.source_kind})
    with connection.cursor() as cursor:
        cell_set_id = intern_cell_set(cursor, new.task.pk, parsed, parsed.cell_set_digest())
    return TaskResult.objects.get_or_create(
        model_revision=ensure_revision(name=new.model_meta.name, revision=new.revision),
        variant=ensure_variant(model_meta=new.model_meta, settings=new.settings),
        task=new.task,
        source=source,
        digest=hashlib.sha256(new.payload).digest(),
        defaults={
            "source_path": new.source_path,
            "dataset_revision": parsed.dataset_revision,
            "mteb_version": parsed.mteb_version,
            "date": parsed.date,
            "evaluation_time": parsed.evaluation_time,
            "kg_co2_emissions": parsed.kg_co2_emissions,
            "cell_set_id": cell_set_id,
            "n_cells": len(parsed.main_scores),
            "main_scores": parsed.main_scores,
            "payload": zstandard.ZstdCompressor().compress(new.payload),
        },
    )


def _publish(results: Iterable[TaskResult]) -> None:
    keys = {(result.task_id, result.variant_id) for result in results}
    if not keys:
        return
    tasks = sorted({task_id for task_id, _ in keys})
    choose_current_results(only=sorted(keys))
    publish_task_rows(tasks=tasks)
    publish_languages(tasks=tasks)
    boards = Benchmark.objects.filter(benchmark_tasks__task__in=tasks).distinct()
    publish_boards(benchmarks=boards, scopes=[Scope.ALL])


def read_result(payload: bytes, task: Task) -> ParsedResult:
    """The file, read and checked against its task. Raises ResultRefused."""
    try:
        parsed = parse_result(payload, {task.name: TaskFacts(task.main_score, task.eval_langs)})
    except UnusableFile as error:
        raise ResultRefused(f"The result of {task} cannot be read: {error}.") from error
    if parsed.task_name != task.name:
        raise ResultRefused(f"The result is of {parsed.task_name}, not of {task}.")
    if not parsed.main_scores:
        raise ResultRefused(f"The result of {task} has no scores.")
    return parsed
