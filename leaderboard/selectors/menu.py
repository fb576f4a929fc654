"""The benchmark menu of the home page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from leaderboard.models import Benchmark, BenchmarkTask, BoardRow, ModelMeta, Scope, Task, TaskResult

UNLISTED = "More boards"


@dataclass
class MenuSection:
    """A heading of the menu with its boards and the headings below it."""

    title: str
    benchmarks: list[Benchmark] = field(default_factory=list)
    sections: list[MenuSection] = field(default_factory=list)

    @property
    def n_boards(self) -> int:
        return len(self.benchmarks) + sum(section.n_boards for section in self.sections)

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
    return Totals(
        n_models=ModelMeta.objects.filter(revisions__results__isnull=False).distinct().count(),
        n_tasks=Task.objects.filter(results__isnull=False).distinct().count(),
        n_benchmarks=Benchmark.objects.count(),
        n_results=TaskResult.objects.count(),
    )


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
    unlisted = MenuSection(UNLISTED)
    for benchmark in benchmarks:
        section = root if benchmark.menu_path else unlisted
        for title in benchmark.menu_path:
            section = section.section(title)
        section.benchmarks.append(benchmark)
    return root.sections + ([unlisted] if unlisted.benchmarks else [])
