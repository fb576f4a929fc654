"""What an evaluation ran with, how to repeat it, and what it predicted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser, User
from django.db.models import Q

from evaluation.models import EvaluationRun, EvaluationUnit, KeptPredictions, PackageSet
from evaluation.permissions import may_see_log
from evaluation.reproducing import EvaluatedTask, Recipe, WantedModel, recipe
from leaderboard.models import TaskResult

NAMES_OF_FACTS = {
    "code": "Podium",
    "python": "Python",
    "platform": "System",
    "hardware": "Hardware",
    "device": "Device",
    "cuda": "CUDA",
    "driver": "Driver",
    "threads": "Threads",
    "seed": "Seed",
    "encode_kwargs": "Options of encode",
    "prompts": "Prompts",
}


@dataclass(frozen=True)
class Fact:
    label: str
    value: str


def unit_of(result: TaskResult) -> EvaluationUnit | None:
    """The unit that gave the result, if it was evaluated here."""
    units = EvaluationUnit.objects.filter(result=result).select_related("run__model_meta", "run__requested_by", "task")
    return units.defer("log").order_by("pk").first()


def facts_of(environment: dict[str, Any] | None) -> list[Fact]:
    """What the environment says, labelled, without what it does not know; versions of packages last."""
    if not environment:
        return []
    facts = [Fact(label, _text(environment[name])) for name, label in NAMES_OF_FACTS.items() if environment.get(name)]
    versions = (environment.get("versions") or {}).items()
    return facts + [Fact(name, version) for name, version in versions if version]


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name}={entry!r}" for name, entry in value.items())
    return str(value)


def packages_of(environment: dict[str, Any] | None) -> PackageSet | None:
    return PackageSet.objects.filter(digest=(environment or {}).get("packages_digest", "")).first()


def recipe_of(run: EvaluationRun, units: Iterable[EvaluationUnit]) -> Recipe | None:
    """How to repeat the units that are done, or all of them while none is; None for a run without units."""
    known = list(units)
    repeated = [unit for unit in known if unit.state == EvaluationUnit.State.DONE] or known
    if not repeated:
        return None
    sizes = [_batch_size(unit) for unit in repeated]
    model = WantedModel(
        name=run.model_meta.name,
        revision=run.revision,
        in_registry=run.model_meta.in_registry,
        settings=run.settings,
        local_path=run.local_path,
        runs_own_code=run.allows_remote_code,
    )
    tasks = [
        EvaluatedTask(unit.task.name, bool(unit.task.definition), unit.eval_splits, unit.hf_subsets)
        for unit in repeated
    ]
    return recipe(model, tasks, batch_size=min(sizes))


def _batch_size(unit: EvaluationUnit) -> int:
    used = ((unit.environment or {}).get("encode_kwargs") or {}).get("batch_size")
    return int(used or unit.batch_size or settings.EVALUATION_BATCH_SIZE)


def may_see_predictions(user: User | AnonymousUser, run: EvaluationRun) -> bool:
    """Predictions hold texts of datasets, which may be private: they are for those who may read the log."""
    return may_see_log(user, run)


def predictions_of(result: TaskResult) -> KeptPredictions | None:
    return KeptPredictions.objects.filter(result=result).select_related("run__model_meta").first()


def predictions_of_unit(unit: EvaluationUnit) -> KeptPredictions | None:
    """What a finished unit predicted, published or not."""
    return KeptPredictions.objects.filter(_of_units([unit])).select_related("run__model_meta").first()


def units_with_predictions(units: Sequence[EvaluationUnit]) -> set[int]:
    """The ids of those whose predictions were kept."""
    kept = KeptPredictions.objects.filter(_of_units(units)).values_list("result", "withheld_result")
    found = set(kept)
    return {unit.pk for unit in units if (unit.result_id, unit.withheld_result_id) in found}


def _of_units(units: Sequence[EvaluationUnit]) -> Q:
    return Q(result__in=[unit.result_id for unit in units if unit.result_id]) | Q(
        withheld_result__in=[unit.withheld_result_id for unit in units if unit.withheld_result_id]
    )


def differing_facts(environments: Sequence[dict[str, Any] | None]) -> list[tuple[str, list[str]]]:
    """(label, value in each environment) of what is not the same in all of them."""
    tables = [{fact.label: fact.value for fact in facts_of(environment)} for environment in environments]
    labels = list(dict.fromkeys(label for table in tables for label in table))
    rows = [(label, [table.get(label, "") for table in tables]) for label in labels]
    return [(label, values) for label, values in rows if len(set(values)) > 1]
