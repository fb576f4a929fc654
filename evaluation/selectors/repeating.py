"""What it takes to make results again: the same cells, and a model that can be had."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import F, QuerySet

from evaluation.models import EvaluationRun, EvaluationUnit
from evaluation.selectors.cells import UnitCells, joined_cells, narrowed
from leaderboard.models import ModelMeta, SourceKind, Task, TaskResult

COMMIT = r"^[0-9a-f]{40}$"


def cells_of_results(results: Iterable[TaskResult]) -> dict[Task, UnitCells]:
    """The cells that the results are of, by task: what our own unit was asked for, else what a reported file scores."""
    known = list(results)
    units = EvaluationUnit.objects.filter(result__in=known).order_by("-pk").only("result", "eval_splits", "hf_subsets")
    asked = {unit.result_id: UnitCells(unit.eval_splits, unit.hf_subsets) for unit in units}
    cells: dict[Task, UnitCells] = {}
    for result in known:
        task, of_result = result.task, asked.get(result.pk) or _scored(result)
        cells[task] = joined_cells(task, cells[task], of_result) if task in cells else of_result
    return cells


def _scored(result: TaskResult) -> UnitCells:
    """Those of the splits and subsets that the task declares; all of them where the file has none."""
    scored = zip(result.cell_set.splits, result.cell_set.subsets, strict=True)
    declared = [cell for cell in result.task.declared(scored) if cell is not None]
    if not declared:
        return UnitCells()
    splits, subsets = (list(dict.fromkeys(values)) for values in zip(*declared, strict=True))
    return narrowed(result.task, splits, subsets)


def is_closed(model_meta: ModelMeta) -> bool:
    """Whether only a token opened the model when it ran here last. Tokens go when their run ends."""
    runs = EvaluationRun.objects.filter(model_meta=model_meta, is_private=False)
    return bool(runs.order_by("-pk").values_list("is_closed", flat=True).first())


def results_at_other_commits() -> QuerySet[TaskResult]:
    """Results of ours that count and are of another commit of a model than the newest that the Hub is known to have."""
    newest = F("model_revision__model_meta__hub_commit")
    ours = TaskResult.objects.filter(source__kind=SourceKind.RUN, current__all_part__isnull=False)
    on_hub = ours.filter(model_revision__model_meta__hub_commit__isnull=False, model_revision__name__regex=COMMIT)
    return on_hub.filter(model_revision__model_meta__local_path=None).exclude(model_revision__name=newest)
