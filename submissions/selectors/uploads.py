"""Reads of uploads: who may see them, and what the board knows of what was uploaded."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import Count, Exists, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from leaderboard.experiments import experiment_name
from leaderboard.models import ModelMeta, Origin, Scope, SourceKind, Task, TaskResult, TaskRow
from leaderboard.result_files import TaskFacts
from leaderboard.selectors.staleness import wrong_versions
from submissions.checks import Outcome, worst_outcome
from submissions.models import ResultUpload, UploadedFile
from submissions.upload_checks import Cell, KnownResult, KnownTask

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def uploads_with_verdicts(uploads: QuerySet[ResultUpload]) -> QuerySet[ResultUpload]:
    """With the number of files as `n_files`, and whether any check of a file found something, by its outcome.

    The database looks: an upload may have two thousand files, each with its content.
    """
    files = UploadedFile.objects.filter(upload=OuterRef("pk")).order_by()
    found = {
        f"files_with_{outcome.value}": Exists(files.filter(checks__contains=[{"outcome": outcome.value}]))
        for outcome in (Outcome.WARNING, Outcome.ERROR)
    }
    counted = files.values("upload").annotate(n=Count("pk")).values("n")
    return uploads.annotate(n_files=Coalesce(Subquery(counted), 0), **found)


def worst_of(upload: Any) -> Outcome:
    """The worst outcome among the checks of the model and of the files, of one of `uploads_with_verdicts`."""
    of_files = [
        {"outcome": outcome.value}
        for outcome in (Outcome.WARNING, Outcome.ERROR)
        if getattr(upload, f"files_with_{outcome.value}")
    ]
    return worst_outcome([*upload.checks, *of_files])


SIZE_CLASS = 3
"""Models are of about the same size within this factor."""


def visible_uploads(user: User | AnonymousUser) -> QuerySet[ResultUpload]:
    """Their own; all of them for who may view uploads."""
    if user.has_perm("submissions.view_resultupload"):
        return ResultUpload.objects.all()
    return ResultUpload.objects.filter(submitter_id=user.pk)


def upload_list(user: User | AnonymousUser) -> QuerySet[ResultUpload]:
    return visible_uploads(user).select_related("submitter").annotate(n_files=Count("files")).order_by("-pk")


def task_facts() -> dict[str, TaskFacts]:
    """What reading a file from before mteb 1.11.0 needs."""
    rows = Task.objects.values_list("name", "main_score", "eval_langs")
    return {name: TaskFacts(main_score, eval_langs) for name, main_score, eval_langs in rows}


@dataclass(frozen=True)
class Surroundings:
    """What is known around the files of a model revision."""

    model_meta: ModelMeta | None
    tasks: Mapping[str, Task] = field(default_factory=dict)
    known_tasks: Mapping[str, KnownTask] = field(default_factory=dict)
    reported: Mapping[tuple[str, str], TaskResult] = field(default_factory=dict)
    runs: Mapping[tuple[str, str], TaskResult] = field(default_factory=dict)

    def reported_result(self, task_name: str, settings: Mapping[str, Any] | None, digest: bytes) -> KnownResult | None:
        found = self.reported.get((task_name, experiment_name(settings)))
        return None if found is None else _known_result(found, digest)

    def run_result(self, task_name: str, settings: Mapping[str, Any] | None) -> KnownResult | None:
        found = self.runs.get((task_name, experiment_name(settings)))
        return None if found is None else _known_result(found, b"")


def surroundings(name: str, revision: str, task_names: Collection[str], n_parameters: int | None) -> Surroundings:
    """Of the named tasks; the newest result counts where several were reported of one task."""
    model_meta = ModelMeta.objects.filter(name=name).first()
    tasks = {task.name: task for task in Task.objects.filter(name__in=task_names)}
    size = n_parameters or (model_meta.n_parameters if model_meta else None)
    results = (
        TaskResult.objects.filter(
            model_revision__model_meta__name=name, model_revision__name=revision, task__in=tasks.values()
        )
        .select_related("cell_set", "source", "task", "variant")
        .defer("payload")
        .order_by("pk")
    )
    by_kind: dict[bool, dict[tuple[str, str], TaskResult]] = {True: {}, False: {}}
    for result in results:
        by_kind[result.source.kind == SourceKind.RUN][result.task.name, result.variant.experiment_name] = result
    return Surroundings(model_meta, tasks, _known_tasks(tasks, name, size), by_kind[False], by_kind[True])


def _known_tasks(tasks: Mapping[str, Task], model_name: str, n_parameters: int | None) -> dict[str, KnownTask]:
    """With the best score and those of models of about the same size, the model itself aside."""
    best: dict[int, tuple[float, str]] = {}
    peers: dict[int, list[float]] = defaultdict(list)
    rows = (
        TaskRow.objects.in_scope(Scope.ALL)
        .filter(task__in=[task.pk for task in tasks.values()], rank__isnull=False)
        .exclude(model_meta__name=model_name)
        .values_list("task_id", "score", "model_meta__name", "model_meta__n_parameters")
    )
    for task_id, score, name, size in rows.iterator():
        if score is None:
            continue
        best[task_id] = max(best.get(task_id, (score, name)), (score, name))
        if n_parameters and size and n_parameters / SIZE_CLASS <= size <= n_parameters * SIZE_CLASS:
            peers[task_id].append(score)
    wrong = wrong_versions(tasks.values())
    return {
        name: KnownTask(
            name=name,
            metric=task.main_score,
            splits=task.eval_splits,
            subsets=task.hf_subsets,
            dataset_revision=task.dataset_revision,
            in_use=task.origin == Origin.CUSTOM or task.in_registry,
            best=best.get(task.pk),
            peers=peers[task.pk],
            wrong_versions=wrong[task.pk],
        )
        for name, task in tasks.items()
    }


def _known_result(result: TaskResult, digest: bytes) -> KnownResult:
    cells: list[Cell] = list(zip(result.cell_set.splits, result.cell_set.subsets, strict=True))
    return KnownResult(
        scores=dict(zip(cells, result.main_scores, strict=True)),
        languages={cell: frozenset(codes) for cell, codes in zip(cells, result.cell_set.languages, strict=True)},
        dataset_revision=result.dataset_revision,
        is_same_file=bytes(result.digest) == digest,
    )
