"""Putting a custom benchmark and its tasks on the board."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from evaluation.custom.benchmarks import BenchmarkDefinition
from evaluation.custom.tasks import TASK_KINDS, TaskDefinition
from evaluation.services.custom_metrics import note_metric
from leaderboard.models import (
    Benchmark,
    BenchmarkTask,
    Board,
    Origin,
    Task,
    TaskGroup,
    TaskGroupMember,
    TaskVersion,
)
from leaderboard.services.boards import publish_boards
from leaderboard.services.languages import publish_languages
from leaderboard.services.staleness import refresh_stale_results
from leaderboard.services.task_rows import publish_task_rows


class RegistrationRefused(Exception):
    """The benchmark cannot be added; the message has one sentence per reason."""


@dataclass
class Registration:
    """What adding a benchmark did, as sentences; none if everything stood there already."""

    benchmark: Benchmark
    changes: list[str] = field(default_factory=list)


@transaction.atomic
def register_benchmark(
    *, definition: BenchmarkDefinition, source: str = "a folder of this server", added_by: User | None = None
) -> Registration:
    """Insert or update the benchmark with its tasks and groups, and publish its boards if anything changed.

    `source` says to readers where the data came from. Results are left alone: one on an older dataset revision is
    stale, and stays until the model is evaluated on the newer one.
    """
    refuse_clashes(definition)
    benchmark, changes = _save_benchmark(definition)
    tasks = {}
    for task_definition in definition.tasks:
        tasks[task_definition.name], change = _save_task(task_definition)
        _note_version(tasks[task_definition.name], task_definition, source, added_by)
        changes += change
    changes += _save_benchmark_tasks(benchmark, definition, tasks)
    changes += _save_groups(benchmark, definition, tasks)
    if changes or not Board.objects.filter(benchmark=benchmark).exists():
        task_ids = [task.pk for task in tasks.values()]
        refresh_stale_results()
        publish_task_rows(tasks=task_ids)
        publish_languages(tasks=task_ids)
        publish_boards(benchmarks=Benchmark.objects.filter(benchmark_tasks__task__in=tasks.values()).distinct())
    return Registration(benchmark, changes)


def refuse_clashes(definition: BenchmarkDefinition) -> None:
    """Raises RegistrationRefused where names are taken or results would lose their meaning."""
    reasons = []
    slug = Benchmark.slug_of(definition.name)
    for task_definition in definition.tasks:
        reasons += _task_clashes(task_definition)
    same_name = Benchmark.objects.filter(name__iexact=definition.name).exclude(
        name=definition.name, origin=Origin.CUSTOM
    )
    if same_name.exists():
        reasons.append(
            f'The benchmark "{definition.name}" clashes with one of mteb or of this board; give it another name.'
        )
    elif not slug or Benchmark.objects.filter(slug=slug).exclude(name=definition.name).exists():
        reasons.append(
            f'The address of "{definition.name}" is taken or empty; use other letters or digits in the name.'
        )
    if reasons:
        raise RegistrationRefused("\n".join(reasons))


def _task_clashes(definition: TaskDefinition) -> list[str]:
    """A task of mteb may not be redefined, and a task of ours may not become a different one under its old results."""
    name = definition.name
    stored = Task.objects.filter(name__iexact=name).first()
    if stored is None:
        return []
    if stored.origin == Origin.REGISTRY:
        return [f'mteb has a task "{stored.name}" already; give yours another name.']
    if stored.name != name:
        return [f'The board has a task "{stored.name}", which differs from "{name}" in case only; use one spelling.']
    if not stored.results.exists() or stored.origin != Origin.CUSTOM:
        return []
    if stored.type != definition.type:
        return [f'"{name}" has results as {stored.type}; give the new {definition.type} task another name.']
    gone = sorted({*stored.eval_splits, *stored.hf_subsets} - {*definition.splits, *definition.subsets})
    if gone:
        return [
            f'"{name}" has results on {", ".join(gone)}, which the folder lacks; give the smaller task another name.'
        ]
    return []


def _save_benchmark(definition: BenchmarkDefinition) -> tuple[Benchmark, list[str]]:
    fields = {
        "slug": Benchmark.slug_of(definition.name),
        "origin": Origin.CUSTOM,
        "in_registry": False,
        "display_name": definition.display_name,
        "description": definition.description,
        "reference": definition.reference,
        "citation": definition.citation,
        "aggregations": list(definition.aggregations),
        "language_view": list(definition.language_view),
        "menu_path": list(definition.menu_path),
        "display_on_leaderboard": True,
    }
    stored = Benchmark.objects.filter(name=definition.name).first()
    benchmark, _ = Benchmark.objects.update_or_create(name=definition.name, defaults=fields)
    return benchmark, _difference(f"benchmark {definition.name}", stored, fields)


def _note_version(task: Task, definition: TaskDefinition, source: str, added_by: User | None) -> None:
    """Once for each change of the data; going back to earlier data is a change too."""
    newest = task.versions.first()
    if newest is None or newest.dataset_revision != definition.dataset_revision:
        TaskVersion.objects.create(
            task=task,
            dataset_revision=definition.dataset_revision,
            main_score=definition.main_score,
            n_samples=sum(counts["num_samples"] for counts in definition.statistics.values()),
            source=source,
            added_by=added_by,
        )


def _save_task(definition: TaskDefinition) -> tuple[Task, list[str]]:
    stored_definition = definition.to_json()
    if definition.metric:
        stored_definition["metric"] = note_metric(metric=definition.metric)
    fields = {
        "origin": Origin.CUSTOM,
        "in_registry": False,
        "type": definition.type,
        "description": definition.description,
        "reference": definition.reference,
        "category": TASK_KINDS[definition.type].category,
        "subtypes": list(definition.subtypes),
        "domains": list(definition.domains),
        "modalities": ["text"],
        "languages": definition.languages,
        "eval_langs": definition.eval_langs,
        "eval_splits": list(definition.splits),
        "hf_subsets": list(definition.subsets),
        "main_score": definition.main_score,
        "dataset_revision": definition.dataset_revision,
        "license": definition.license,
        "is_public": definition.is_public,
        "citation": definition.citation,
        "contributed_by": definition.contributed_by,
        "prompt": definition.prompt,
        "descriptive_stats": stored_definition["statistics"],
        "definition": stored_definition,
    }
    stored = Task.objects.filter(name=definition.name).first()
    task, _ = Task.objects.update_or_create(name=definition.name, defaults=fields)
    return task, _difference(f"task {definition.name}", stored, fields)


def _difference(what: str, stored: Task | Benchmark | None, fields: Mapping[str, Any]) -> list[str]:
    if stored is None:
        return [f"Added {what}."]
    changed = [name for name, value in fields.items() if getattr(stored, name) != value]
    if not changed:
        return []
    if "dataset_revision" in changed:
        return [
            f"Changed {what}: its data, now revision {fields['dataset_revision'][:8]}. Evaluate models on it again."
        ]
    return [f"Changed {what}: {', '.join(changed)}."]


def _save_benchmark_tasks(
    benchmark: Benchmark, definition: BenchmarkDefinition, tasks: Mapping[str, Task]
) -> list[str]:
    stored = list(benchmark.benchmark_tasks.order_by("position").values_list("task__name", "splits", "subsets"))
    wanted = [(task.name, list(task.splits), list(task.subsets)) for task in definition.tasks]
    if stored == wanted:
        return []
    benchmark.benchmark_tasks.all().delete()
    BenchmarkTask.objects.bulk_create(
        BenchmarkTask(benchmark=benchmark, task=tasks[name], position=position, splits=splits, subsets=subsets)
        for position, (name, splits, subsets) in enumerate(wanted)
    )
    if not stored:
        return []
    left = [name for name, _, _ in stored if name not in tasks]
    suffix = f" {', '.join(left)} no longer counts." if left else ""
    return [f"Changed what benchmark {benchmark.name} counts.{suffix}"]


def _save_groups(benchmark: Benchmark, definition: BenchmarkDefinition, tasks: Mapping[str, Task]) -> list[str]:
    stored = [
        (group.dimension, group.label, group.description, [member.task.name for member in group.members.all()])
        for group in benchmark.task_groups.prefetch_related("members__task").order_by("position")
    ]
    wanted = [(group.dimension, group.label, group.description, list(group.tasks)) for group in definition.groups]
    if stored == wanted:
        return []
    benchmark.task_groups.all().delete()
    for position, (dimension, label, description, names) in enumerate(wanted):
        group = TaskGroup.objects.create(
            benchmark=benchmark, dimension=dimension, label=label, description=description, position=position
        )
        TaskGroupMember.objects.bulk_create(
            TaskGroupMember(group=group, task=tasks[name], position=place) for place, name in enumerate(names)
        )
    return [f"Changed the groups of benchmark {benchmark.name}."] if stored else []
