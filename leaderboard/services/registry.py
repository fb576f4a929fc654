"""Bringing mteb's registry of tasks, benchmarks and models into the database."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from django.conf import settings
from django.db import models, transaction

from leaderboard.architectures import Ancestry, family_of_loader, inherited_family
from leaderboard.metadata import MetadataOrigin
from leaderboard.models import (
    Benchmark,
    BenchmarkTask,
    Language,
    MetadataVersion,
    ModelMeta,
    Origin,
    Script,
    Task,
    TaskGroup,
    TaskGroupMember,
)
from leaderboard.services.metadata import Claim, record_claims
from leaderboard.services.staleness import refresh_stale_results
from leaderboard.services.table_sizes import analyze
from leaderboard.training_approaches import is_static, of_name, of_registry
from leaderboard.zero_shot import contaminated_tasks, similar_tasks


class RegistryUnavailable(Exception):
    """mteb could not be asked for its registry."""


class NameTaken(Exception):
    """The registry has a new entry under a name that this site uses for one of its own."""


@dataclass(slots=True)
class Changes:
    """Names that a sync added, changed, or marked as gone from the registry."""

    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.gone)

    def add_changed(self, names: Iterable[str]) -> None:
        """Note as changed what is not noted yet."""
        noted = {*self.added, *self.changed}
        self.changed += [name for name in dict.fromkeys(names) if name not in noted]


@dataclass(frozen=True, slots=True)
class SyncReport:
    mteb_version: str
    tasks: Changes
    benchmarks: Changes
    model_metas: Changes
    languages: Changes

    def __bool__(self) -> bool:
        return bool(self.tasks or self.benchmarks or self.model_metas or self.languages)


def read_registry() -> dict[str, Any]:
    """The installed mteb's registry, read in a process of its own so that this one never imports mteb.

    Raises RegistryUnavailable where mteb is not installed or fails.
    """
    process = subprocess.run(
        [sys.executable, "-m", "leaderboard.registry_dump"],
        cwd=settings.BASE_DIR,
        env={**os.environ, "HF_HUB_OFFLINE": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    if process.returncode:
        last_line = process.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        raise RegistryUnavailable(
            f"mteb's registry could not be read ({last_line}). Install requirements.txt in this environment."
        )
    registry: dict[str, Any] = orjson.loads(process.stdout)
    return registry


@transaction.atomic
def sync_registry(*, registry: Mapping[str, Any]) -> SyncReport:
    """Make tasks, benchmarks and models equal to the registry; what has left it is kept and marked.

    Raises NameTaken.
    """
    _refuse_clashes(Task, registry["tasks"])
    _refuse_clashes(Benchmark, registry["benchmarks"])
    tasks = _sync(Task, [{**fields, "registry_order": i} for i, fields in enumerate(registry["tasks"])])
    model_metas = _sync(ModelMeta, list(_model_meta_columns(registry)))
    benchmarks = _sync(Benchmark, list(_benchmark_fields(registry)))
    benchmarks.add_changed(_sync_contents(registry["benchmarks"]))
    languages = _sync_names(Language, registry["languages"])
    _sync_names(Script, registry["scripts"])
    described = record_claims(claims=_claims(registry["model_metas"]), reason=MetadataVersion.Reason.REGISTRY)
    model_metas.add_changed(described)
    analyze(Task, ModelMeta, Benchmark, BenchmarkTask, Language)
    refresh_stale_results()
    return SyncReport(registry["mteb_version"], tasks, benchmarks, model_metas, languages)


def _refuse_clashes(model: type[Task | Benchmark], entries: Sequence[Mapping[str, Any]]) -> None:
    manager: models.Manager[Any] = model._default_manager
    own = manager.filter(origin=Origin.CUSTOM, name__in=[entry["name"] for entry in entries]).first()
    if own is not None:
        noun = model._meta.verbose_name
        raise NameTaken(
            f"{own.name!r} is now a {noun} of mteb's registry too, so nothing was synced. Stay with the mteb version "
            "that you had, or give yours another name: in its folder, and with manage.py shell in the database."
        )


def _model_meta_columns(registry: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
    """What the registry alone decides of a model; the rest are claims beside those of others."""
    entries = registry["model_metas"]
    similar = similar_tasks(
        [(task["name"], base) for task in registry["tasks"] for base in task["adapted_from"]]
        + [(task["name"], task["superseded_by"]) for task in registry["tasks"] if task["superseded_by"]]
    )
    training = {entry["name"]: entry["training_datasets"] for entry in entries}
    adapted_from = {entry["name"]: entry["adapted_from"] for entry in entries}
    for order, entry in enumerate(entries):
        seen = contaminated_tasks(entry["name"], training, adapted_from, similar)
        yield {
            "name": entry["name"],
            "registry_revision": entry["registry_revision"],
            "is_listed": True,
            "contaminated_tasks": None if seen is None else sorted(seen),
            "registry_order": order,
        }


def _claims(entries: Sequence[Mapping[str, Any]]) -> Iterable[Claim]:
    """What the registry says of its models, and what follows for their architecture from names and descent."""
    ids = dict(ModelMeta.objects.values_list("name", "pk"))
    approaches = {entry["name"]: _approaches(entry) for entry in entries}
    ancestry = {
        entry["name"]: Ancestry(
            loader=entry.get("loader"),
            adapted_from=entry["adapted_from"],
            model_type=entry.get("model_type") or (),
            modalities=entry.get("modalities") or (),
            is_static=is_static(approaches[entry["name"]]) or is_static(of_name(entry["name"])),
            is_open=entry.get("open_weights") is not False,
        )
        for entry in entries
    }
    for entry in entries:
        name = entry["name"]
        told = {"architecture": family_of_loader(entry.get("loader")), "training_approach": approaches[name]}
        inferred = {"architecture": inherited_family(name, ancestry), "training_approach": of_name(name)}
        yield Claim(ids[name], MetadataOrigin.REGISTRY, {**entry, **told})
        yield Claim(ids[name], MetadataOrigin.LINEAGE, inferred)


def _approaches(entry: Mapping[str, Any]) -> list[str]:
    return of_registry(embed_dims=entry.get("embed_dims"), loader=entry.get("loader"), framework=entry.get("framework"))


def _benchmark_fields(registry: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
    menu = {entry["benchmark"]: (place, entry["path"]) for place, entry in reversed([*enumerate(registry["menu"])])}
    for order, entry in enumerate(registry["benchmarks"]):
        place, path = menu.get(entry["name"], (None, []))
        fields = {key: value for key, value in entry.items() if key not in {"tasks", "groups"}}
        yield {
            **fields,
            "slug": Benchmark.slug_of(entry["name"]),
            "menu_position": place,
            "menu_path": path,
            "registry_order": order,
        }


def _sync(model: type[models.Model], entries: Sequence[Mapping[str, Any]]) -> Changes:
    """Insert or update the rows named by the entries; mark registry rows that are not among them."""
    manager: models.Manager[Any] = model._base_manager
    existing = {row.name: row for row in manager.all()}
    changes = Changes()
    new, changed = [], []
    names = list(entries[0]) if entries else []
    for entry in entries:
        wanted = {**entry, "origin": Origin.REGISTRY, "in_registry": True}
        row = existing.pop(entry["name"], None)
        if row is None:
            new.append(model(**wanted))
            changes.added.append(entry["name"])
        elif any(getattr(row, key) != value for key, value in wanted.items()):
            for key, value in wanted.items():
                setattr(row, key, value)
            changed.append(row)
            changes.changed.append(entry["name"])
    left = [row for row in existing.values() if row.origin == Origin.REGISTRY and row.in_registry]
    for row in left:
        row.in_registry = False
        changes.gone.append(row.name)
    manager.bulk_create(new, batch_size=500)
    manager.bulk_update(
        [*changed, *left], [*(n for n in names if n != "name"), "origin", "in_registry"], batch_size=200
    )
    return changes


def _sync_names(model: type[Language | Script], entries: Sequence[Mapping[str, Any]]) -> Changes:
    """Make the rows equal to the entries, which a code names; what the registry no longer names goes."""
    manager: models.Manager[Any] = model._default_manager
    existing = {row["code"]: row for row in manager.values(*(entries[0] if entries else ["code"]))}
    changes = Changes()
    for entry in entries:
        row = existing.pop(entry["code"], None)
        if row != entry:
            (changes.added if row is None else changes.changed).append(entry["code"])
    changes.gone = list(existing)
    wanted = {*changes.added, *changes.changed}
    manager.filter(code__in=changes.gone).delete()
    manager.bulk_create(
        [model(**entry) for entry in entries if entry["code"] in wanted],
        update_conflicts=True,
        unique_fields=["code"],
        update_fields=[name for name in (entries[0] if entries else ()) if name != "code"] or None,
    )
    return changes


def _sync_contents(entries: Sequence[Mapping[str, Any]]) -> list[str]:
    """Tasks and groups of each benchmark; returns the names of the benchmarks where they differed."""
    benchmarks = {benchmark.name: benchmark for benchmark in Benchmark.objects.filter(origin=Origin.REGISTRY)}
    task_ids = dict(Task.objects.values_list("name", "id"))
    stored_tasks = _stored(
        BenchmarkTask.objects.order_by("position"), "benchmark_id", ("task__name", "splits", "subsets"), tuple
    )
    stored_groups = _stored_groups()
    differing = []
    for entry in entries:
        benchmark = benchmarks[entry["name"]]
        tasks = [(task["name"], task["splits"], task["subsets"]) for task in entry["tasks"]]
        if stored_tasks.get(benchmark.pk, []) != tasks:
            differing.append(benchmark.name)
            replace_benchmark_tasks(benchmark=benchmark, tasks=[(task_ids[n], sp, su) for n, sp, su in tasks])
        if stored_groups.get(benchmark.pk, []) != entry["groups"]:
            differing.append(benchmark.name)
            _replace_groups(benchmark, entry["groups"], task_ids)
    return list(dict.fromkeys(differing))


def _stored(
    rows: models.QuerySet[Any], key: str, columns: Sequence[str], shape: Callable[[Sequence[Any]], Any]
) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {}
    for of, *values in rows.values_list(key, *columns):
        found.setdefault(of, []).append(shape(values))
    return found


def _stored_groups() -> dict[int, list[dict[str, Any]]]:
    members = _stored(
        TaskGroupMember.objects.order_by("group_id", "position"),
        "group_id",
        ("task__name", "is_whole", "splits", "subsets"),
        lambda values: dict(zip(("name", "is_whole", "splits", "subsets"), values, strict=True)),
    )
    found: dict[int, list[dict[str, Any]]] = {}
    for group in TaskGroup.objects.order_by("position"):
        entry = {"dimension": group.dimension, "label": group.label, "description": group.description}
        found.setdefault(group.benchmark_id, []).append({**entry, "members": members.get(group.pk, [])})
    return found


def replace_benchmark_tasks(*, benchmark: Benchmark, tasks: Sequence[tuple[int, list[str], list[str]]]) -> None:
    """Set which (task id, splits, subsets) a benchmark counts, in this order."""
    BenchmarkTask.objects.filter(benchmark=benchmark).delete()
    BenchmarkTask.objects.bulk_create(
        BenchmarkTask(benchmark=benchmark, task_id=task_id, position=i, splits=splits, subsets=subsets)
        for i, (task_id, splits, subsets) in enumerate(tasks)
    )


def _replace_groups(benchmark: Benchmark, groups: Sequence[Mapping[str, Any]], task_ids: Mapping[str, int]) -> None:
    TaskGroup.objects.filter(benchmark=benchmark).delete()
    for position, entry in enumerate(groups):
        group = TaskGroup.objects.create(
            benchmark=benchmark,
            dimension=entry["dimension"],
            label=entry["label"],
            description=entry["description"],
            position=position,
        )
        TaskGroupMember.objects.bulk_create(
            TaskGroupMember(
                group=group,
                task_id=task_ids[member["name"]],
                position=i,
                is_whole=member["is_whole"],
                splits=member["splits"],
                subsets=member["subsets"],
            )
            for i, member in enumerate(entry["members"])
        )
