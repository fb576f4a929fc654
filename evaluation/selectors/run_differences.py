"""Two runs of one model side by side."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import QuerySet

from evaluation.models import EvaluationRun, EvaluationUnit
from evaluation.selectors.reproduction import differing_facts
from leaderboard.models import TaskResult
from leaderboard.selectors.staleness import TOLERANCE, result_score


@dataclass(frozen=True)
class TaskDifference:
    """What two runs have on a task; None where one has no result. `differs` is above the tolerance."""

    task_name: str
    first: TaskResult | None
    second: TaskResult | None
    first_score: float | None
    second_score: float | None

    @property
    def difference(self) -> float | None:
        known = self.first_score is not None and self.second_score is not None
        return self.second_score - self.first_score if known else None  # type: ignore[operator]

    @property
    def differs(self) -> bool:
        return self.difference is not None and abs(self.difference) > TOLERANCE


@dataclass(frozen=True)
class RunDifferences:
    """`facts` are the (label, first, second) of what the runs were made with and do not share."""

    tasks: list[TaskDifference]
    facts: list[tuple[str, str, str]]

    @property
    def n_shared(self) -> int:
        return sum(task.difference is not None for task in self.tasks)

    @property
    def n_differing(self) -> int:
        return sum(task.differs for task in self.tasks)


def runs_to_compare(run: EvaluationRun, limit: int = 20) -> QuerySet[EvaluationRun]:
    """Other runs of the model that have a result, the newest first."""
    others = EvaluationRun.objects.filter(model_meta=run.model_meta, units__result__isnull=False).exclude(pk=run.pk)
    return others.distinct().order_by("-pk")[:limit]


def run_differences(first: EvaluationRun, second: EvaluationRun) -> RunDifferences:
    of_first, of_second = _done_units(first), _done_units(second)
    names = sorted({*of_first, *of_second}, key=str.lower)
    tasks = [_difference(name, of_first.get(name), of_second.get(name)) for name in names]
    environments = [next((unit.environment for unit in of.values()), None) for of in (of_first, of_second)]
    facts = [("Revision", first.revision, second.revision), ("Settings", _settings(first), _settings(second))]
    facts = [fact for fact in facts if fact[1] != fact[2]]
    facts += [(label, values[0], values[1]) for label, values in differing_facts(environments)]
    facts += _dataset_revisions(tasks)
    return RunDifferences(tasks, facts)


def _done_units(run: EvaluationRun) -> dict[str, EvaluationUnit]:
    units = run.units.filter(result__isnull=False).select_related("task", "result__cell_set", "result__task")
    return {unit.task.name: unit for unit in units.defer("log", "result__payload")}


def _difference(name: str, first: EvaluationUnit | None, second: EvaluationUnit | None) -> TaskDifference:
    results = [unit.result if unit else None for unit in (first, second)]
    scores = [result_score(result) if result else None for result in results]
    return TaskDifference(name, results[0], results[1], scores[0], scores[1])


def _settings(run: EvaluationRun) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in sorted(run.settings.items())) or "none"


def _dataset_revisions(tasks: list[TaskDifference]) -> list[tuple[str, str, str]]:
    return [
        (f"Dataset of {task.task_name}", task.first.dataset_revision or "", task.second.dataset_revision or "")
        for task in tasks
        if task.first and task.second and task.first.dataset_revision != task.second.dataset_revision
    ]
