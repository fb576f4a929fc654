"""Two runs of one model side by side."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import Exists, OuterRef

from evaluation.models import EvaluationRun, EvaluationUnit
from evaluation.selectors.reproduction import differing_facts
from evaluation.selectors.scores import unit_score
from evaluation.selectors.visibility import may_see_run
from leaderboard.selectors.staleness import TOLERANCE, result_score


@dataclass(frozen=True)
class TaskDifference:
    """The units of two runs that finished a task; None where one has not. `differs` is above the tolerance."""

    task_name: str
    first: EvaluationUnit | None
    second: EvaluationUnit | None
    first_score: float | None
    second_score: float | None

    @property
    def is_shared(self) -> bool:
        return self.first is not None and self.second is not None

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


def runs_to_compare(run: EvaluationRun, user: User | AnonymousUser, limit: int = 20) -> list[EvaluationRun]:
    """Other runs of the model that finished a task, the newest first, as far as the person may know of them."""
    done = EvaluationUnit.objects.filter(run=OuterRef("pk"), state=EvaluationUnit.State.DONE)
    others = EvaluationRun.objects.filter(Exists(done), model_meta=run.model_meta_id).exclude(pk=run.pk)
    return list(islice((one for one in others.order_by("-pk").iterator() if may_see_run(user, one)), limit))


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
    units = run.units.filter(state=EvaluationUnit.State.DONE)
    units = units.select_related("task", "result__cell_set", "result__task", "withheld_result")
    return {unit.task.name: unit for unit in units.defer("log", "result__payload", "withheld_result__payload")}


def _difference(name: str, first: EvaluationUnit | None, second: EvaluationUnit | None) -> TaskDifference:
    return TaskDifference(name, first, second, _score(first), _score(second))


def _score(unit: EvaluationUnit | None) -> float | None:
    if unit is None:
        return None
    return result_score(unit.result) if unit.result else unit_score(unit)


def _settings(run: EvaluationRun) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in sorted(run.settings.items())) or "none"


def _dataset_revisions(tasks: list[TaskDifference]) -> list[tuple[str, str, str]]:
    in_both = [(task.task_name, _dataset(task.first), _dataset(task.second)) for task in tasks if task.is_shared]
    return [(f"Dataset of {name}", first, second) for name, first, second in in_both if first != second]


def _dataset(unit: EvaluationUnit | None) -> str:
    outcome = unit and (unit.result or unit.withheld_result)
    return (outcome.dataset_revision or "") if outcome else ""
