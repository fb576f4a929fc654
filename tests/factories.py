"""Plain functions that make the facts of a board, valid and small, for any test.

Every argument may be left out; names are then numbered so that objects of one test do not collide.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import count
from typing import Any

import zstandard
from django.utils.text import slugify

from leaderboard.models import (
    Benchmark,
    BenchmarkTask,
    Board,
    BoardLanguageRow,
    BoardRow,
    CellSet,
    CurrentResult,
    DataVersion,
    Measurement,
    ModelMeta,
    ModelRevision,
    ResultSource,
    Scope,
    SourceKind,
    Task,
    TaskResult,
    Variant,
)
from leaderboard.services.measurements import record_measurement
from leaderboard.services.task_rows import publish_task_rows

# split -> subset -> main score, in the order of the file.
Scores = Mapping[str, Mapping[str, float | None]]

_numbers = count(1)


def make_task(name: str | None = None, **fields: Any) -> Task:
    name = name or f"Task{next(_numbers)}"
    defaults: dict[str, Any] = {
        "type": "STS",
        "description": f"What {name} measures.",
        "main_score": "cosine_spearman",
        "languages": ["eng-Latn"],
        "eval_langs": ["eng-Latn"],
        "eval_splits": ["test"],
        "hf_subsets": ["default"],
        "modalities": ["text"],
        "dataset_path": f"example/{name}",
        "dataset_revision": "a" * 40,
    }
    return Task.objects.create(name=name, **{**defaults, **fields})


def make_benchmark(name: str | None = None, tasks: Sequence[Task] = (), **fields: Any) -> Benchmark:
    """A benchmark that counts every default cell of `tasks`."""
    name = name or f"Benchmark {next(_numbers)}"
    defaults: dict[str, Any] = {
        "slug": slugify(name),
        "display_name": name,
        "aggregations": ["mean_task", "mean_task_type", "task_types"],
        "menu_path": ["Text"],
        "menu_position": 1,
    }
    benchmark = Benchmark.objects.create(name=name, **{**defaults, **fields})
    for position, task in enumerate(tasks):
        BenchmarkTask.objects.create(
            benchmark=benchmark, task=task, position=position, splits=task.eval_splits, subsets=task.hf_subsets
        )
    return benchmark


def make_model(name: str | None = None, **fields: Any) -> ModelMeta:
    return ModelMeta.objects.create(name=name or f"example/model-{next(_numbers)}", **fields)


def make_revision(model_meta: ModelMeta, name: str | None = None) -> ModelRevision:
    revision, _ = ModelRevision.objects.get_or_create(model_meta=model_meta, name=name or "1" * 40)
    return revision


def make_variant(model_meta: ModelMeta, experiment_name: str = "", experiment_id: str | None = None) -> Variant:
    variant, _ = Variant.objects.get_or_create(
        model_meta=model_meta,
        experiment_name=experiment_name,
        defaults={"experiment_id": experiment_name if experiment_id is None else experiment_id},
    )
    return variant


def make_source(kind: SourceKind = SourceKind.OFFICIAL, name: str | None = None) -> ResultSource:
    source, _ = ResultSource.objects.get_or_create(name=name or f"{kind} results", defaults={"kind": kind})
    return source


def result_json(task: Task, scores: Scores, metrics: Mapping[str, Any] | None = None, **fields: Any) -> bytes:
    """A result file as mteb writes it; every cell holds the other `metrics`, too."""
    languages = list(task.languages)
    body = {
        "dataset_revision": task.dataset_revision,
        "task_name": task.name,
        "mteb_version": "2.26.24",
        "scores": {
            split: [
                {
                    "main_score": score,
                    task.main_score: score,
                    **(metrics or {}),
                    "hf_subset": subset,
                    "languages": languages,
                }
                for subset, score in subsets.items()
            ]
            for split, subsets in scores.items()
        },
        "evaluation_time": 12.5,
        "kg_co2_emissions": None,
        **fields,
    }
    return json.dumps(body).encode()


def _languages(task: Task, subset: str) -> list[str]:
    """The languages of a subset, where the task says so."""
    by_subset = task.eval_langs if isinstance(task.eval_langs, dict) else {}
    return list(by_subset.get(subset, task.languages))


def make_cell_set(task: Task, scores: Scores) -> CellSet:
    cells = [(split, subset) for split, subsets in scores.items() for subset in subsets]
    digest = hashlib.sha256(json.dumps([task.name, cells]).encode()).digest()
    cell_set, _ = CellSet.objects.get_or_create(
        digest=digest,
        defaults={
            "task": task,
            "size": len(cells),
            "splits": [split for split, _ in cells],
            "subsets": [subset for _, subset in cells],
            "languages": [_languages(task, subset) for _, subset in cells],
        },
    )
    return cell_set


def make_result(
    model_meta: ModelMeta,
    task: Task,
    scores: Scores | float = 0.5,
    *,
    revision: str | None = None,
    variant: Variant | None = None,
    kind: SourceKind = SourceKind.OFFICIAL,
    current_in: Sequence[Scope] = (Scope.OFFICIAL, Scope.ALL),
    part: int = 0,
    metrics: Mapping[str, Any] | None = None,
    **fields: Any,
) -> TaskResult:
    """A result, current in the scopes named. A bare number is the score of the task's first cell.

    `metrics` are others than the main score that the file holds of every cell.
    """
    if not isinstance(scores, Mapping):
        scores = {task.eval_splits[0]: {task.hf_subsets[0]: scores}}
    payload = result_json(task, scores, metrics)
    cell_set = make_cell_set(task, scores)
    model_revision = make_revision(model_meta, revision)
    variant = variant or make_variant(model_meta)
    defaults: dict[str, Any] = {
        "source_path": f"{model_meta.name.replace('/', '__')}/{model_revision.name}/{task.name}.json",
        "dataset_revision": task.dataset_revision,
        "mteb_version": "2.26.24",
        "date": datetime(2026, 5, 4, 12, 0, tzinfo=UTC),
        "evaluation_time": 12.5,
    }
    result = TaskResult.objects.create(
        model_revision=model_revision,
        variant=variant,
        task=task,
        source=make_source(kind),
        digest=hashlib.sha256(payload + str(next(_numbers)).encode()).digest(),
        cell_set=cell_set,
        n_cells=cell_set.size,
        main_scores=[score for subsets in scores.values() for score in subsets.values()],
        payload=zstandard.compress(payload),
        **{**defaults, **fields},
    )
    if current_in:
        CurrentResult.objects.create(
            result=result,
            variant=variant,
            task=task,
            official_part=part if Scope.OFFICIAL in current_in else None,
            all_part=part if Scope.ALL in current_in else None,
        )
        publish_task_rows(tasks=[task.pk])
    return result


def make_board(benchmark: Benchmark, scope: Scope = Scope.ALL, **fields: Any) -> Board:
    """An empty board with the columns of the benchmark's tasks; add rows with `make_row`."""
    tasks = [
        benchmark_task.task
        for benchmark_task in BenchmarkTask.objects.filter(benchmark=benchmark).select_related("task")
    ]
    names = [task.name for task in tasks]
    defaults: dict[str, Any] = {
        "data_version": bump_data_version(),
        "n_declared_tasks": len(names),
        "task_names": names,
        "summary_task_names": names,
        "task_types": list(dict.fromkeys(task.type for task in tasks)),
        "groups": [],
        "languages": [],
    }
    return Board.objects.create(benchmark=benchmark, scope=scope, **{**defaults, **fields})


def make_row(
    board: Board, model_meta: ModelMeta | None = None, task_scores: Sequence[float | None] = (), **fields: Any
) -> BoardRow:
    """The next row of a board; missing scores are blank, and the mean is there if none is."""
    position = BoardRow.objects.filter(board=board).count()
    scores = [*task_scores, *[None] * (len(board.task_names) - len(task_scores))]
    known = [score for score in scores if score is not None]
    complete = bool(scores) and len(known) == len(scores)
    defaults: dict[str, Any] = {
        "revision": "1" * 40,
        "revisions": ["1" * 40],
        "origins": [SourceKind.OFFICIAL],
        "position": position,
        "task_position": position,
        "rank": position + 1,
        "borda_rank": position + 1,
        "n_done": len(known),
        "mean_task": sum(known) / len(known) if complete else None,
        "type_means": [None] * len(board.task_types),
        "group_means": [None] * len(board.groups),
        "task_scores": scores,
    }
    row = BoardRow.objects.create(board=board, model_meta=model_meta or make_model(), **{**defaults, **fields})
    board.n_rows = BoardRow.objects.filter(board=board, position__isnull=False).count()
    board.save(update_fields=["n_rows"])
    return row


def make_language_row(board: Board, model_meta: ModelMeta, scores: Sequence[float | None]) -> BoardLanguageRow:
    position = BoardLanguageRow.objects.filter(board=board).count()
    return BoardLanguageRow.objects.create(board=board, model_meta=model_meta, position=position, scores=list(scores))


def make_measurement(result: TaskResult, **fields: Any) -> Measurement:
    """100 texts of 1,000 tokens in two seconds, unless said otherwise."""
    measured = {
        "hardware": "Test processor, 2 cores, 2 threads",
        "device": "cpu",
        "n_texts": 100,
        "n_tokens": 1000,
        "encode_seconds": 2.0,
        "latency_p50_ms": 4.0,
        "latency_p95_ms": 9.0,
        "peak_host_mb": 800.0,
    }
    return record_measurement(result=result, run=None, measured=measured | fields)


def bump_data_version() -> int:
    version, _ = DataVersion.objects.get_or_create(pk=1)
    version.number += 1
    version.save()
    return version.number
