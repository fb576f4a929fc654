"""Which languages and scripts have results, and how models stand in each."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db.models import Count, F, Func, IntegerField, Q, QuerySet
from django.urls import reverse

from leaderboard.languages import bare_code, split_code
from leaderboard.memory import Kept
from leaderboard.models import Benchmark, BenchmarkTask, LanguageSummary, LanguageTask, Scope, Script, Task
from leaderboard.selectors.languages import names_of
from leaderboard.selectors.pool_boards import PoolBoard, pool_board
from leaderboard.selectors.versions import data_version
from leaderboard.task_pools import PoolTask


class LanguageTitle(NamedTuple):
    """How the page of a language or script is headed, and where it is."""

    name: str
    is_script: bool
    address: str


def language_titles(codes: Iterable[str]) -> dict[str, LanguageTitle]:
    """The titles of the pages of these codes; what is unknown is called by its code."""
    codes = list(codes)
    names = names_of(codes)
    scripts = dict(Script.objects.values_list("code", "name"))
    return {code: _title(code, names[code], scripts.get(code)) for code in codes}


def _title(code: str, name: str, script: str | None) -> LanguageTitle:
    is_script = script is not None
    address = reverse("script" if is_script else "language", args=[code])
    return LanguageTitle(script or (name if "-" in code else f"{name} (all scripts)"), is_script, address)


@dataclass(frozen=True, slots=True)
class LanguageEntry:
    """A language or script with results."""

    code: str
    name: str
    script: str
    is_script: bool
    n_tasks: int
    n_models: int
    leader: str
    address: str


_entries: Kept[list[LanguageEntry]] = Kept(len(Scope))
_boards: Kept[PoolBoard | None] = Kept(16)


def language_entries(scope: Scope) -> list[LanguageEntry]:
    """Every language and script with results, those with most tasks first; kept in memory until the data change."""
    return _entries.get((scope, data_version()), lambda: _language_entries(scope))


def _language_entries(scope: Scope) -> list[LanguageEntry]:
    summaries = LanguageSummary.objects.filter(scope=scope).order_by("-n_tasks", "-n_models", "code")
    rows = list(summaries.values_list("code", "n_tasks", "n_models", "leader__name"))
    titles = language_titles(code for code, *_ in rows)
    return [
        LanguageEntry(
            code,
            titles[code].name,
            split_code(code)[1],
            titles[code].is_script,
            n_tasks,
            n_models,
            leader or "",
            titles[code].address,
        )
        for code, n_tasks, n_models, leader in rows
    ]


def languages_of(entries: Iterable[LanguageEntry]) -> list[LanguageEntry]:
    """The languages among them; in all its scripts a language is left out where one script has all its tasks."""
    languages = [entry for entry in entries if not entry.is_script]
    most = {bare_code(entry.code): 0 for entry in languages}
    for entry in languages:
        if entry.script:
            most[bare_code(entry.code)] = max(most[bare_code(entry.code)], entry.n_tasks)
    return [entry for entry in languages if entry.script or entry.n_tasks > most[entry.code]]


def scripts_of(entries: Iterable[LanguageEntry]) -> list[tuple[LanguageTitle, str, int]]:
    """(title, code, number of languages) of the scripts that languages have, the most frequent first."""
    counts = Counter(entry.script for entry in entries if entry.script)
    titles = language_titles(counts)
    return [(titles[code], code, n) for code, n in counts.most_common()]


def language_board(scope: Scope, code: str, query: str = "") -> PoolBoard | None:
    """The models in a language or script that a query text leaves. Raises QueryError.

    The last ones asked for are kept until the data change.
    """
    return _boards.get((scope, code, query, data_version()), lambda: pool_board(pool_tasks(scope, code), scope, query))


@dataclass(frozen=True, slots=True)
class BoardShare:
    """A board and how many of its tasks are of some sort."""

    benchmark: Benchmark
    n_tasks: int
    of_tasks: int


def boards_with(code: str) -> list[BoardShare]:
    """The boards that count cells of the language or script, those with most tasks of it first."""
    named = LanguageTask.objects.filter(Q(code=code) | Q(code__startswith=f"{code}-")).values("task")
    entries = BenchmarkTask.objects.filter(task__in=named, benchmark__boards__isnull=False).distinct()
    n_subsets = Func(F("subsets"), function="cardinality", output_field=IntegerField())
    of_subsets = Func(F("task__hf_subsets"), function="cardinality", output_field=IntegerField())
    whole = entries.annotate(n=n_subsets, of=of_subsets).values_list("pk", "benchmark_id", "task_id", "n", "of")
    found = Counter(benchmark for _, benchmark, _, n, of in whole if n >= of)
    pinned = {pk: (benchmark, task) for pk, benchmark, task, n, of in whole if n < of}
    by_subset = dict(Task.objects.filter(pk__in={task for _, task in pinned.values()}).values_list("pk", "eval_langs"))
    for pk, subsets in BenchmarkTask.objects.filter(pk__in=pinned).values_list("pk", "subsets"):
        benchmark, task = pinned[pk]
        found[benchmark] += _names(by_subset[task], subsets, code)
    return shares(found)


def _names(eval_langs: Any, subsets: Iterable[str], code: str) -> bool:
    """Whether one of the subsets is in the language or script."""
    lists = [eval_langs.get(subset, ()) for subset in subsets] if isinstance(eval_langs, dict) else [eval_langs]
    return any(code in (name, bare_code(name), split_code(name)[1]) for names in lists for name in names)


def shares(n_tasks: Counter[int]) -> list[BoardShare]:
    """The boards of these benchmarks, those on the menu before others of the same size."""
    benchmarks = Benchmark.objects.filter(pk__in=n_tasks).annotate(of_tasks=Count("benchmark_tasks"))
    menu = benchmarks.order_by(F("menu_position").asc(nulls_last=True), "name")
    found = [BoardShare(benchmark, n_tasks[benchmark.pk], benchmark.of_tasks) for benchmark in menu]
    return sorted((share for share in found if share.n_tasks), key=lambda share: -share.n_tasks)


def pool_tasks(scope: Scope, code: str) -> list[PoolTask]:
    """The tasks with complete scores under the code; for a language without script those in all its scripts."""
    rows = LanguageTask.objects.in_scope(scope).filter(Q(code=code) | Q(code__startswith=f"{code}-"))
    found = _by_code(rows.values_list("code", *PoolTask._fields))
    return _merged(found, code, [other for other in found if bare_code(other) == code])


def pools(codes: Collection[str] | None = None) -> Iterator[tuple[str, dict[Scope, list[PoolTask]]]]:
    """(code, its tasks by scope) for these codes, or for all that have results.

    A language without script is among them where it has several. Where the scopes agree they have one list.
    """
    rows = LanguageTask.objects.all()
    if codes is not None:
        every = set(rows.values_list("code", flat=True).distinct())
        rows = rows.filter(code__in=[code for code in every if code in codes or bare_code(code) in codes])
    by_scope = _by_scope(rows)
    found = {code for tasks in by_scope.values() for code in tasks}
    scripts: dict[str, list[str]] = defaultdict(list)
    for code in found:
        if "-" in code:
            scripts[bare_code(code)].append(code)
    shown = {code for code in found if code not in scripts or "-" in code}
    shown |= {code for code, several in scripts.items() if len(several) > 1}
    for code in sorted(shown if codes is None else shown.intersection(codes)):
        merged = {scope: _merged(tasks, code, scripts.get(code, [])) for scope, tasks in by_scope.items()}
        if merged[Scope.OFFICIAL] == merged[Scope.ALL]:
            merged[Scope.OFFICIAL] = merged[Scope.ALL]
        yield code, merged


def _by_scope(rows: QuerySet[LanguageTask]) -> dict[Scope, dict[str, list[PoolTask]]]:
    found: dict[Scope, dict[str, list[PoolTask]]] = {scope: defaultdict(list) for scope in Scope}
    columns = rows.values_list("in_official", "in_all", "code", *PoolTask._fields)
    for in_official, in_all, code, *fields in columns.iterator(500):
        task = PoolTask._make(fields)
        for scope, is_in in ((Scope.OFFICIAL, in_official), (Scope.ALL, in_all)):
            if is_in:
                found[scope][code].append(task)
    return found


def _by_code(rows: Iterable[tuple[str, int, list[int], list[float]]]) -> dict[str, list[PoolTask]]:
    found: dict[str, list[PoolTask]] = defaultdict(list)
    for code, *task in rows:
        found[code].append(PoolTask._make(task))
    return found


def _merged(found: Mapping[str, list[PoolTask]], code: str, scripts: Iterable[str]) -> list[PoolTask]:
    """A task that has the language in several scripts has a row of its own for all of them; else its one script's."""
    own = found.get(code, [])
    named = {task.task_id for task in own}
    others = (task for script in scripts if script != code for task in found.get(script, ()))
    return [*own, *(task for task in others if task.task_id not in named)]
