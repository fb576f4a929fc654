"""Storing a single result: one that was evaluated here or handed in."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
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
from leaderboard.services.staleness import refresh_stale_results
from leaderboard.services.task_rows import publish_task_rows


class ResultRefused(ValueError):
    """The result does not fit what it claims to be; the message says why."""


@transaction.atomic
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
    parsed = _parse(payload, task)
    lock_publishing()
    source, _ = ResultSource.objects.get_or_create(name=source_name, defaults={"kind": source_kind})
    variant = ensure_variant(model_meta=model_meta, settings=settings)
    with connection.cursor() as cursor:
        cell_set_id = intern_cell_set(cursor, task.pk, parsed, parsed.cell_set_digest())
    result, is_new = TaskResult.objects.get_or_create(
        model_revision=ensure_revision(name=model_meta.name, revision=revision),
        variant=variant,
        task=task,
        source=source,
        digest=hashlib.sha256(payload).digest(),
        defaults={
            "source_path": source_path,
            "dataset_revision": parsed.dataset_revision,
            "mteb_version": parsed.mteb_version,
            "date": parsed.date,
            "evaluation_time": parsed.evaluation_time,
            "kg_co2_emissions": parsed.kg_co2_emissions,
            "cell_set_id": cell_set_id,
            "n_cells": len(parsed.main_scores),
            "main_scores": parsed.main_scores,
            "payload": zstandard.ZstdCompressor().compress(payload),
        },
    )
    if is_new:
        refresh_stale_results(results=[result.pk])
        choose_current_results(only=[(task.pk, variant.pk)])
        publish_task_rows(tasks=[task.pk])
        publish_languages(tasks=[task.pk])
        publish_boards(benchmarks=Benchmark.objects.filter(benchmark_tasks__task=task), scopes=[Scope.ALL])
    return result


def _parse(payload: bytes, task: Task) -> ParsedResult:
    try:
        parsed = parse_result(payload, {task.name: TaskFacts(task.main_score, task.eval_langs)})
    except UnusableFile as error:
        raise ResultRefused(f"The result of {task} cannot be read: {error}.") from error
    if parsed.task_name != task.name:
        raise ResultRefused(f"The result is of {parsed.task_name}, not of {task}.")
    if not parsed.main_scores:
        raise ResultRefused(f"The result of {task} has no scores.")
    return parsed
