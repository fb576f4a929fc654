"""The index of tasks: filtered, counted and sorted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any

from django.db.models import Count, Max, Q

from leaderboard.languages import bare_code
from leaderboard.memory import Kept
from leaderboard.models import BenchmarkTask, Scope, Task, TaskRow
from leaderboard.selectors.versions import data_version


@dataclass(frozen=True)
class TaskEntry:
    """A task in the index; `best` is the best complete score, None where there is none."""

    name: str
    type: str
    description: str
    domains: list[str]
    modalities: list[str]
    languages: list[str]
    main_score: str
    is_public: bool
    is_superseded: bool
    n_models: int
    n_benchmarks: int
    best: float | None

    @property
    def n_languages(self) -> int:
        return len({bare_code(code) for code in self.languages})


@dataclass(frozen=True)
class TaskFilter:
    """What the index is narrowed to; empty asks for everything. `language` is a code, with or without script."""

    words: str = ""
    type: str = ""
    domain: str = ""
    modality: str = ""
    language: str = ""
    access: str = ""
    results: str = ""

    def keeps(self, entry: TaskEntry, *, without: str = "") -> bool:
        """Whether the entry is left; `without` is a field that is not looked at."""
        return all(
            field.name == without
            or not getattr(self, field.name)
            or _MATCHES[field.name](entry, getattr(self, field.name))
            for field in fields(self)
        )


@dataclass(frozen=True)
class Facet:
    """A field of the filter with its values and how many entries each would leave, the other fields kept."""

    name: str
    label: str
    chosen: str
    options: list[tuple[str, int]]


_VALUES: dict[str, Callable[[TaskEntry], Iterable[str]]] = {
    "type": lambda entry: [entry.type],
    "domain": lambda entry: entry.domains,
    "modality": lambda entry: entry.modalities,
    "access": lambda entry: ["public" if entry.is_public else "private"],
    "results": lambda entry: ["with results" if entry.n_models else "without results"],
}
FACET_LABELS = {
    "type": "Type",
    "domain": "Domain",
    "modality": "Modality",
    "access": "Data",
    "results": "Results",
}


def _in_values(name: str) -> Callable[[TaskEntry, str], bool]:
    return lambda entry, value: value in _VALUES[name](entry)


_MATCHES: dict[str, Callable[[TaskEntry, str], bool]] = {
    "words": lambda entry, words: all(
        word in f"{entry.name}\n{entry.description}".casefold() for word in words.casefold().split()
    ),
    "language": lambda entry, code: any(code in (language, bare_code(language)) for language in entry.languages),
    **{name: _in_values(name) for name in _VALUES},
}

_kept: Kept[list[TaskEntry]] = Kept(len(Scope) * 2)


def all_tasks(scope: Scope) -> list[TaskEntry]:
    """Every task by name, kept in memory until the data change."""
    return _kept.get((scope, data_version()), lambda: _all_tasks(scope))


def _all_tasks(scope: Scope) -> list[TaskEntry]:
    rows = TaskRow.objects.in_scope(scope).order_by()
    found = rows.values("task").annotate(n=Count("model_meta", distinct=True), best=Max("score", filter=Q(rank=1)))
    results: dict[int, Any] = {row["task"]: row for row in found}
    benchmarks = dict(BenchmarkTask.objects.values_list("task").annotate(n=Count("pk")).order_by())
    columns = "name", "type", "description", "domains", "modalities", "languages", "main_score", "is_public"
    tasks: Iterable[dict[str, Any]] = Task.objects.values("pk", "superseded_by", *columns)
    return [
        TaskEntry(
            **{column: task[column] for column in columns},
            is_superseded=bool(task["superseded_by"]),
            n_models=results.get(task["pk"], {}).get("n", 0),
            n_benchmarks=benchmarks.get(task["pk"], 0),
            best=results.get(task["pk"], {}).get("best"),
        )
        for task in sorted(tasks, key=lambda task: task["name"].casefold())
    ]


def facets(entries: Sequence[TaskEntry], chosen: TaskFilter) -> list[Facet]:
    """The values that occur, the most frequent first."""
    return [_facet(entries, chosen, name) for name in _VALUES]


def _facet(entries: Sequence[TaskEntry], chosen: TaskFilter, name: str) -> Facet:
    left = Counter(value for entry in entries if chosen.keeps(entry, without=name) for value in _VALUES[name](entry))
    value = getattr(chosen, name)
    left.setdefault(value, 0) if value else None
    return Facet(name, FACET_LABELS[name], value, sorted(left.items(), key=lambda option: (-option[1], option[0])))
