"""What the plausibility report of a submission is computed from."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import Any

import numpy as np
from django.db.models import Count, F, Max, Q, QuerySet
from django.utils import timezone

from evaluation.models import EvaluationRun, EvaluationUnit
from evaluation.selectors.scores import unit_cells
from leaderboard.models import ModelMeta, Task, TaskRow
from submissions.checks import code_needed
from submissions.metadata import CARD
from submissions.models import Submission
from submissions.plausibility import WORTH_SAYING, Competitors, Facts

Scores = dict[str, float]
# Reports of runs that ended longer ago than this are complete.
SETTLED_AFTER = timedelta(days=1)


def submission_facts(submission: Submission, asked_tasks: Collection[Task]) -> Facts:
    """What is known of it before anything ran."""
    values = {name: fact["value"] for name, fact in submission.metadata.items()}
    sizes = ModelMeta.objects.filter(n_parameters__gt=0).values_list("n_parameters", flat=True)
    base_model = str(values.get("adapted_from") or "")
    seen = ModelMeta.objects.filter(name__in=[submission.model_name, base_model])
    seen_by = {name: tasks for name, tasks in seen.values_list("name", "contaminated_tasks") if tasks is not None}
    return Facts(
        asked_tasks=[task.name for task in asked_tasks],
        n_parameters=values.get("n_parameters"),
        known_sizes=[size for size in sizes if size is not None],
        licence=values.get("spdx_license"),
        card_says=frozenset(name for name in WORTH_SAYING if submission.metadata.get(name, {}).get("origin") == CARD),
        code=code_needed(submission.checks),
        seen_tasks=_seen_tasks(submission, seen_by.get(submission.model_name)),
        base_model=base_model,
        base_seen_tasks=_names(seen_by.get(base_model)),
        namesakes=_namesakes(submission.model_name),
        is_first=not Submission.objects.filter(submitter=submission.submitter_id, pk__lt=submission.pk).exists(),
    )


def _seen_tasks(submission: Submission, known: list[str] | None) -> frozenset[str] | None:
    """What the submitter says that it was trained on, with what is known of the model already."""
    if submission.training_data is None:
        return _names(known)
    return frozenset(submission.training_data.get("tasks", {})) | (_names(known) or frozenset())


def _names(tasks: list[str] | None) -> frozenset[str] | None:
    return None if tasks is None else frozenset(tasks)


def _namesakes(model_name: str) -> list[str]:
    """Models of other organisations with the same name, and those that differ in upper and lower case only."""
    short_name = model_name.rpartition("/")[2]
    same = ModelMeta.objects.filter(Q(name__iendswith=f"/{short_name}") | Q(name__iexact=short_name))
    return list(same.exclude(name=model_name).order_by("name").values_list("name", flat=True)[:10])


def own_scores(run: EvaluationRun | None) -> Scores:
    """Task -> score of what the run finished, published or not, where it covers as many cells as anybody has."""
    if run is None:
        return {}
    done = run.units.filter(state=EvaluationUnit.State.DONE)
    done = done.select_related("task", "result__cell_set", "withheld_result")
    units = list(done.defer("log", "result__payload", "task__descriptive_stats"))
    whole = dict(
        TaskRow.objects.in_scope("all")
        .filter(task__in=[unit.task_id for unit in units])
        .values_list("task_id")
        .annotate(most=Max("of_cells"))
    )
    scores = {unit.task.name: _score(unit, whole.get(unit.task_id, 0)) for unit in units}
    return {task: score for task, score in scores.items() if score is not None}


def _score(unit: EvaluationUnit, of_cells: int) -> float | None:
    """The mean of the cells that the task declares; None where some of them are missing."""
    cells = unit_cells(unit)
    declared = unit.task.declared([(split, subset) for split, subset, _ in cells])
    counted = [
        score for cell, (_, _, score) in zip(declared, cells, strict=True) if cell is not None and score is not None
    ]
    return sum(counted) / len(counted) if counted and len(counted) >= of_cells else None


def competitors(tasks: Collection[str], *, without: str) -> Competitors:
    """The scores of all other models on the tasks, where they are complete."""
    names = list(tasks)
    rows: QuerySet[TaskRow, Any] = (
        TaskRow.objects.in_scope("all")
        .filter(task__name__in=names, experiment_id="", rank__isnull=False)
        .exclude(model_meta__name=without)
        .values_list("model_meta__name", "model_meta__n_parameters", "task__name", "score")
    )
    column = {name: place for place, name in enumerate(names)}
    sizes: dict[str, int | None] = {}
    cells: list[tuple[str, int, float]] = []
    for model, size, task, score in rows.iterator():
        sizes[model] = size
        cells.append((model, column[task], score))
    row = {model: place for place, model in enumerate(sizes)}
    scores = np.full((len(row), len(names)), np.nan)
    for model, place, score in cells:
        scores[row[model], place] = score
    return Competitors(names, list(row), list(sizes.values()), scores)


def outdated_reports() -> QuerySet[Submission]:
    """Submissions whose report is missing, or was computed from other results than there are now."""
    done = Q(run__units__state=EvaluationUnit.State.DONE)
    lately = Q(run__finished_at=None) | Q(run__finished_at__gt=timezone.now() - SETTLED_AFTER)
    counted = Submission.objects.annotate(n_done=Count("run__units", filter=done))
    return counted.filter(
        Q(plausibility=None) | (Q(run__isnull=False) & lately & ~Q(plausibility__n_results=F("n_done")))
    ).order_by("pk")
