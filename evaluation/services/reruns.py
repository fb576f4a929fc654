"""Evaluating models again on exactly the cells of results that are stale."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from evaluation.models import EvaluationRun, EvaluationUnit, Lane
from evaluation.selectors.cells import UnitCells, covers
from evaluation.selectors.repeating import cells_of_results, is_closed
from evaluation.services.runs import EvaluationError, request_run
from leaderboard.models import ModelMeta, Task, TaskResult, Variant
from leaderboard.services.audit import record

_COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass
class Reruns:
    """What was queued, and in sentences what could not be."""

    runs: list[EvaluationRun] = field(default_factory=list)
    n_tasks: int = 0
    skipped: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Wanted:
    """A model as it is to be run again."""

    variant: Variant
    revision: str
    local_path: str
    pinned_by_content: bool
    allows_remote_code: bool = False
    worker_class: str = ""


@transaction.atomic
def rerun_results(
    *, results: Iterable[TaskResult], requested_by: User | None, at_newest_commit: bool = False
) -> Reruns:
    """One run in the background lane for each model, revision and variant; what is queued already is left out.

    `at_newest_commit`: not at the results' own revision but at the newest that the Hub is known to have.
    """
    outcome = Reruns()
    of_wanted: dict[_Wanted, list[TaskResult]] = defaultdict(list)
    for result in results:
        reason = _why_not(result) or (_why_not_at_newest(result) if at_newest_commit else "")
        if reason:
            outcome.skipped.append(reason)
            continue
        wanted = _wanted(result)
        if at_newest_commit:
            wanted = replace(wanted, revision=result.model_revision.model_meta.hub_commit or "")
        of_wanted[wanted].append(result)
    for wanted, of_model in of_wanted.items():
        _request(wanted, cells_of_results(of_model), requested_by, outcome)
    outcome.skipped = list(dict.fromkeys(outcome.skipped))
    return outcome


def _request(wanted: _Wanted, cells: Mapping[Task, UnitCells], requested_by: User | None, outcome: Reruns) -> None:
    new = _not_queued(wanted, cells)
    model_meta = wanted.variant.model_meta
    if len(new) < len(cells):
        outcome.skipped.append(f"{model_meta}: {len(cells) - len(new)} of the tasks are queued already.")
    if not new:
        return
    try:
        run = request_run(
            model_meta=model_meta,
            revision=wanted.revision,
            parts=new,
            requested_by=requested_by,
            settings=wanted.variant.settings,
            lane=Lane.BACKGROUND,
            local_path=wanted.local_path,
            pinned_by_content=wanted.pinned_by_content,
            allows_remote_code=wanted.allows_remote_code,
            worker_class=wanted.worker_class,
        )
    except EvaluationError as error:
        outcome.skipped.append(f"{model_meta}: {error}")
        return
    if requested_by is not None:
        tasks_in_words = ", ".join(task.name for task in new)
        record(actor=requested_by, action="asked to evaluate again", subject=run, after={"tasks": tasks_in_words})
    outcome.runs.append(run)
    outcome.n_tasks += len(new)


def _why_not(result: TaskResult) -> str:
    """Why the model cannot be run again on the task; empty where it can."""
    model_meta: ModelMeta = result.model_revision.model_meta
    if not result.task.can_be_run:
        return f"{result.task}: its data cannot be had here."
    if model_meta.open_weights is False:
        return f"{model_meta}: its weights are not open."
    if model_meta.modalities and "text" not in model_meta.modalities:
        return f"{model_meta}: it takes no texts."
    if is_closed(model_meta):
        return (
            f"{model_meta}: it is private or gated on the Hub, and the token that opened it is gone. "
            "Whoever may read it can submit it again."
        )
    if not _earlier_run(result) and not _revision(result):
        return f"{model_meta}: no commit is known that could be loaded."
    return ""


def _why_not_at_newest(result: TaskResult) -> str:
    model_meta: ModelMeta = result.model_revision.model_meta
    earlier = _earlier_run(result)
    if not model_meta.hub_commit or (earlier and earlier.local_path):
        return f"{model_meta}: no newer commit of it is known."
    if earlier and earlier.allows_remote_code:
        return f"{model_meta}: it runs code of its own, which was allowed at another commit. Submit the new one."
    return ""


def _wanted(result: TaskResult) -> _Wanted:
    earlier = _earlier_run(result)
    if earlier:
        return _Wanted(
            result.variant,
            earlier.revision,
            earlier.local_path,
            earlier.pinned_by_content,
            earlier.allows_remote_code,
            earlier.worker_class,
        )
    return _Wanted(result.variant, _revision(result), "", pinned_by_content=False)


def _earlier_run(result: TaskResult) -> EvaluationRun | None:
    """Where the result is ours: the run that knows how the model was loaded."""
    return EvaluationRun.objects.filter(units__result=result).order_by("pk").first()


def _revision(result: TaskResult) -> str:
    """The commit that the result names, else the registry's."""
    named = (result.model_revision.name, result.model_revision.model_meta.registry_revision or "")
    return next((name for name in named if _COMMIT.fullmatch(name)), "")


def _not_queued(wanted: _Wanted, cells: Mapping[Task, UnitCells]) -> dict[Task, UnitCells]:
    """Without what some unit that waits or is at work covers already."""
    units: Any = EvaluationUnit.objects.unfinished().filter(
        run__model_meta=wanted.variant.model_meta,
        run__revision=wanted.revision,
        run__settings=wanted.variant.settings,
        run__is_private=False,
        task__in=list(cells),
    )
    covered = {unit.task_id for unit in units.select_related("task").defer("log") if covers(unit, cells[unit.task])}
    return {task: of_task for task, of_task in cells.items() if task.pk not in covered}
