"""The benchmark menu of the home page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.core.cache import caches
from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from leaderboard.models import Benchmark, BenchmarkTask, BoardRow, CurrentResult, Scope
from leaderboard.selectors.versions import data_version

UNLISTED = "More boards"


@dataclass
class MenuSection:
    """A heading of the menu with its boards and the headings below it."""

    title: str
    benchmarks: list[Benchmark] = field(default_factory=list)
    sections: list[MenuSection] = field(default_factory=list)
    unlisted: bool = False

    def section(self, title: str) -> MenuSection:
        """The section of that title below this one, made where it is missing."""
        for section in self.sections:
            if section.title == title:
                return section
        self.sections.append(MenuSection(title))
        return self.sections[-1]


@dataclass(frozen=True)
class Totals:
    """How much the board holds, for the first sentence a visitor reads."""

    n_models: int
    n_tasks: int
    n_benchmarks: int
    n_results: int


def benchmark_menu() -> list[MenuSection]:
    """Benchmarks under the headings of their `menu_path`, in menu order; those without one come last.

    Each benchmark carries `n_rows` (models on its board) and `n_tasks`.
    """
    return _grouped(_menu_entries())


def totals() -> Totals:
    """Counted over current results, a narrow table; every model and task with a result has a current one."""
    key = f"totals:{data_version()}"
    known: Totals | None = caches["process"].get(key)
    if known is None:
        known = _totals()
        caches["process"].set(key, known)
    return known


def _totals() -> Totals:
    counts = CurrentResult.objects.aggregate(
        n_models=Count("variant__model_meta", distinct=True),
        n_tasks=Count("task", distinct=True),
        n_results=Count("pk"),
    )
    return Totals(n_benchmarks=Benchmark.objects.count(), **counts)


def _menu_entries() -> QuerySet[Benchmark]:
    n_rows = (
        BoardRow.objects.filter(board__benchmark=OuterRef("pk"), board__scope=Scope.ALL, position__isnull=False)
        .order_by()
        .values("board")
        .annotate(n=Count("pk"))
        .values("n")
    )
    n_tasks = (
        BenchmarkTask.objects.filter(benchmark=OuterRef("pk"))
        .order_by()
        .values("benchmark")
        .annotate(n=Count("pk"))
        .values("n")
    )
    return (
        Benchmark.objects.filter(Q(in_registry=True) | Q(boards__isnull=False))
        .distinct()
        .annotate(n_rows=Coalesce(Subquery(n_rows), 0), n_tasks=Coalesce(Subquery(n_tasks), 0))
        .order_by(F("menu_position").asc(nulls_last=True), F("registry_order").asc(nulls_last=True), "name")
    )


def _grouped(benchmarks: Iterable[Benchmark]) -> list[MenuSection]:
    root = MenuSection("")
    unlisted = MenuSection(UNLISTED, unlisted=True)
    for benchmark in benchmarks:
        section = root if benchmark.menu_path else unlisted
        for title in benchmark.menu_path:
            section = section.section(title)
        section.benchmarks.append(benchmark)
    return root.sections + ([unlisted] if unlisted.benchmarks else [])
