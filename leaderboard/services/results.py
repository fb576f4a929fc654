"""Storing results that were evaluated here or handed in."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import zstandard
from django.db import connection, transaction

from leaderboard.importing.worker import intern_cell_set
from leaderboard.models import ModelMeta, ModelRevision, ResultSource, SourceKind, Task, TaskResult
from leaderboard.result_files import ParsedResult, TaskFacts, UnusableFile, parse_result
from leaderboard.services.boards import lock_publishing
from leaderboard.services.model_metas import ensure_revision, ensure_variant
from leaderboard.services.publishing import publish_pairs
from leaderboard.services.staleness import refresh_stale_results
from leaderboard.services.verification import compare_with_reruns


class ResultRefused(ValueError):
    """The result does not fit what it claims to be; the message says why."""


@dataclass(frozen=True)
class NewResult:
    """A file as mteb writes it. `settings` are mteb's `experiment_kwargs`, None for the base run."""

    task: Task
    payload: bytes
    settings: Mapping[str, Any] | None
    path: str


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
    (result,) = record_results(
        model_meta=model_meta,
        revision=revision,
        files=[NewResult(task, payload, settings, source_path)],
        source_kind=source_kind,
        source_name=source_name,
    )
    return result


@transaction.atomic
def record_results(
    *,
    model_meta: ModelMeta,
    revision: str,
    files: Iterable[NewResult],
    source_kind: SourceKind,
    source_name: str,
) -> list[TaskResult]:
    """As `record_result`, for many files of a model revision: the boards are computed once. All or none are stored."""
    lock_publishing()
    source, _ = ResultSource.objects.get_or_create(name=source_name, defaults={"kind": source_kind})
    model_revision = ensure_revision(name=model_meta.name, revision=revision)
    stored = [_store(file, model_meta, model_revision, source) for file in files]
    if new := [result for result, is_new in stored if is_new]:
        refresh_stale_results(results=[result.pk for result in new])
        compare_with_reruns(only=[result.pk for result in new])
        publish_pairs([(result.task_id, result.variant_id) for result in new])
    return [result for result, _ in stored]


def _store(
    file: NewResult, model_meta: ModelMeta, model_revision: ModelRevision, source: ResultSource
) -> tuple[TaskResult, bool]:
    """The fact, and whether it is new."""
    parsed = read_result(file.payload, file.task)
    with connection.cursor() as cursor:
        cell_set_id = intern_cell_set(cursor, file.task.pk, parsed, parsed.cell_set_digest())
    return TaskResult.objects.get_or_create(
        model_revision=model_revision,
        variant=ensure_variant(model_meta=model_meta, settings=file.settings),
        task=file.task,
        source=source,
        digest=hashlib.sha256(file.payload).digest(),
        defaults={
            "source_path": file.path,
            "dataset_revision": parsed.dataset_revision,
            "mteb_version": parsed.mteb_version,
            "date": parsed.date,
            "evaluation_time": parsed.evaluation_time,
            "kg_co2_emissions": parsed.kg_co2_emissions,
            "cell_set_id": cell_set_id,
            "n_cells": len(parsed.main_scores),
            "main_scores": parsed.main_scores,
            "payload": zstandard.ZstdCompressor().compress(file.payload),
        },
    )


def require_main_scores(payload: bytes, task: Task) -> None:
    """Refuse a result with gaps, as neither an evaluation of ours nor an upload may have. Raises ResultRefused.

    Official results have some, where a benchmark's own rules say what they are worth.
    """
    missing = read_result(payload, task).main_scores.count(None)
    if missing:
        raise ResultRefused(
            f"The main score of {task} is missing or NaN in {missing} of its parts. That happens where embeddings "
            "cannot be compared, such as when a model gives the same one for every text."
        )


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
