"""The index of tasks, and the page of a task with its views."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from enum import StrEnum
from itertools import groupby
from typing import Any

import numpy as np
from django.conf import settings
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from leaderboard.charts.histograms import histogram_chart
from leaderboard.descriptive_stats import data_facts, sample_count
from leaderboard.exports.columns import Sheet
from leaderboard.exports.task_pages import cells_sheet, scores_sheet
from leaderboard.freshness import until_data_changes
from leaderboard.metrics import Family, Metric, explained
from leaderboard.models import Scope, Task
from leaderboard.selectors import staleness, task_cells, task_insights, task_list, task_metrics, tasks
from leaderboard.selectors.languages import find_language, language_names
from leaderboard.selectors.task_list import TaskFilter
from leaderboard.selectors.tasks import TaskScore
from leaderboard.tables.tasks import CellsOfModel, TaskCellTable, TaskListTable, TaskScoreTable, languages_text
from leaderboard.task_statistics import FEWEST_MODELS, SATURATED, distribution, histogram, share_from
from leaderboard.task_types import type_text
from leaderboard.views.addresses import has_empty_parameters, scope_of, without_empty_parameters
from leaderboard.views.exports import export_addresses, exported, view_address

PAGE_SIZES = {"50": 50, "100": 100, "all": None}
DEFAULT_PAGE_SIZE = "50"
COLUMNS_PER_PAGE = 20
LONGEST_WORDS = 100
MOST_CELLS_WITH_ERRORS = 24


class View(StrEnum):
    RESULTS = "results"
    CELLS = "subsets"
    STATISTICS = "statistics"
    METRICS = "metrics"
    DATA = "data"


LABELS = {
    View.RESULTS: "Results",
    View.CELLS: "Splits and subsets",
    View.STATISTICS: "Statistics",
    View.METRICS: "Metrics",
    View.DATA: "Data",
}
Context = dict[str, Any]


@require_safe
@until_data_changes
def task_index(request: HttpRequest) -> HttpResponse:
    """Every task, filtered and sorted."""
    if has_empty_parameters(request):
        return HttpResponseRedirect(without_empty_parameters(request))
    scope, names = scope_of(request), language_names()
    language = _words(request, "language")
    code = find_language(language) if language else ""
    chosen = TaskFilter(
        words=_words(request, "q"),
        language=code or "",
        **{name: request.GET.get(name, "") for name in task_list.FACET_LABELS},
    )
    entries = task_list.all_tasks(scope)
    found = [] if language and not code else [entry for entry in entries if chosen.keeps(entry)]
    table = TaskListTable(found, names=names, scope=scope, sort=request.GET.get("sort", ""))
    per_page = _per_page(request)
    table.show_page(request.GET.get("page"), PAGE_SIZES[per_page])
    context = {
        "table": table,
        "caption": "Tasks",
        "total": len(entries),
        "found": len(found),
        "chosen": chosen,
        "language": language,
        "language_name": names.get(code, code) if code else "",
        "facets": task_list.facets(entries, chosen),
        "page_sizes": PAGE_SIZES,
        "per_page": per_page,
        "scope": scope,
        "scopes": Scope,
    }
    return render(request, "leaderboard/task_list.html", context)


def _words(request: HttpRequest, name: str) -> str:
    return " ".join(request.GET.get(name, "").replace("\0", " ").split())[:LONGEST_WORDS]


def _per_page(request: HttpRequest) -> str:
    asked = request.GET.get("per_page", "")
    return asked if asked in PAGE_SIZES else DEFAULT_PAGE_SIZE


@require_safe
@until_data_changes
def task(request: HttpRequest, name: str) -> HttpResponseBase:
    """A task in one of its views."""
    if has_empty_parameters(request):
        return HttpResponseRedirect(without_empty_parameters(request))
    if "\0" in name:
        raise Http404
    shown = get_object_or_404(tasks.light_tasks(), name=name)
    asked = request.GET.get("view", "")
    view = View(asked) if asked in LABELS else View.RESULTS
    page = TaskPage(request, shown, view)
    return page.file() or render(request, "leaderboard/task.html", page.context())


class TaskPage:
    """Everything that the page of a task shows, view by view."""

    def __init__(self, request: HttpRequest, shown: Task, view: View) -> None:
        self.request, self.task, self.view = request, shown, view
        self.scope = scope_of(request)
        self.metric = explained(shown.main_score)
        self.names = language_names()
        self.unknown_metric = ""
        self.rules = staleness.rules_of_task(shown)
        builders: dict[View, Callable[[], Context]] = {
            View.RESULTS: self._results,
            View.CELLS: self._cells,
            View.STATISTICS: self._statistics,
            View.METRICS: self._metrics,
            View.DATA: self._data,
        }
        self.of_view = builders[view]()

    def context(self) -> Context:
        shown = self.task
        return {
            "task": shown,
            "rules": self.rules,
            "metric": self.metric,
            "type_text": type_text(shown.type),
            "languages_text": languages_text(shown.languages, self.names, most=3),
            "view": self.view,
            "view_label": LABELS[self.view],
            "views": LABELS,
            "prompts": shown.prompt if isinstance(shown.prompt, dict) else None,
            "view_template": f"leaderboard/_task_{self.view}.html",
            "scope": self.scope,
            "scopes": Scope,
            "page_sizes": PAGE_SIZES,
            "per_page": _per_page(self.request),
            "relatives": tasks.relatives_of(shown),
            "dataset_address": _dataset_address(shown),
            **self.of_view,
        }

    def file(self) -> HttpResponseBase | None:
        """The view as a file, if the address asks for one and the view has a table of models."""
        sheet = self.of_view.get("sheet")
        return exported(self.request, sheet) if sheet else None

    @property
    def _sort(self) -> str:
        return self.request.GET.get("sort", "")

    def _show_page(self, table: TaskScoreTable | TaskCellTable) -> None:
        table.show_page(self.request.GET.get("page"), PAGE_SIZES[_per_page(self.request)])

    def _results(self) -> Context:
        scores = tasks.task_scores(self.task, self.scope)
        ranked = task_insights.ranked_scores(scores)
        metric, by_metric = self._by_metric(scores)
        revision = self.request.GET.get("dataset_revision", "")
        rows = tasks.of_revision(by_metric, revision) if revision else by_metric
        stale, asked_stale = self._stale(scores), self.request.GET.get("stale", "")
        if asked_stale in {"only", "without"}:
            rows = [row for row in rows if (row.current.result_id in stale) == (asked_stale == "only")]
        table = TaskScoreTable(rows, task=self.task, metric=metric, scope=self.scope, sort=self._sort)
        self._show_page(table)
        table.stale = stale
        table.errors = self._errors(list(table.records()), metric)
        return {
            "table": table,
            "caption": f"Results on {self.task.name}",
            "shown_metric": metric,
            "unknown_metric": self.unknown_metric,
            "summary": distribution(ranked),
            "best": scores[0] if scores and scores[0].rank == 1 else None,
            "has_results": bool(scores),
            "dataset_revision": revision,
            "asked_stale": asked_stale,
            "n_by_rule": len(stale),
            "n_stale": sum(tasks.is_stale(row.current.dataset_revision, self.task) for row in scores),
            "n_rows": len(scores),
            "entries": tasks.benchmark_entries(self.task),
            "export_addresses": export_addresses(self.request),
            "sheet": lambda: self._scores_sheet(list(table.data), metric),
        }

    def _stale(self, scores: list[TaskScore]) -> dict[int, str]:
        """Result -> why rules say that it is stale."""
        found = staleness.stale_reasons([score.current.result_id for score in scores]) if self.rules else {}
        return {result_id: " ".join(rule.reason for rule in rules) for result_id, rules in found.items()}

    def _by_metric(self, scores: list[TaskScore]) -> tuple[Metric, list[TaskScore]]:
        """The metric that the address names and the rows by it; the main score where no result has that metric."""
        asked = self.request.GET.get("metric", "")
        if not asked or asked == self.task.main_score:
            return self.metric, scores
        found = tasks.scores_by_metric(self.task, self.scope, scores, asked)
        if found is None:
            self.unknown_metric = asked
            return self.metric, scores
        return explained(asked), found

    def _errors(self, rows: Sequence[TaskScore], metric: Metric) -> dict[int, float]:
        """Standard errors by result. Over many cells they are tiny, and their files large: the statistics have them."""
        if metric != self.metric or any(row.of_cells > MOST_CELLS_WITH_ERRORS for row in rows):
            return {}
        single = [row.current.result_id for row in rows if row.current.n_parts == 1]
        return task_metrics.standard_errors(self.task, single)

    def _scores_sheet(self, rows: Sequence[TaskScore], metric: Metric) -> Sheet:
        errors = self._errors(rows, metric)
        return scores_sheet(self.task, metric, rows, errors, self.scope, view_address(self.request))

    def _cells(self) -> Context:
        cells = task_cells.task_cells(self.task, self.scope)
        words, splits = _words(self.request, "subset"), list(dict.fromkeys(column.split for column in cells.columns))
        split = self.request.GET.get("split", "")
        split = split if split in splits else ""
        places = list(task_cells.named_columns(cells, words, split))
        columns_page = Paginator(places, COLUMNS_PER_PAGE).get_page(self.request.GET.get("columns"))
        on_page = list(columns_page)
        scores = tasks.task_scores(self.task, self.scope)
        narrowed = len(places) < len(cells.columns)
        table = TaskCellTable(
            [_cells_of_model(score, cells, places, on_page) for score in scores],
            [cells.columns[place] for place in on_page],
            names=self.names,
            best=_best(cells.scores[:, on_page]),
            several_splits=len(splits) > 1,
            n_chosen=len(places) if narrowed else 0,
            scope=self.scope,
            sort=self._sort,
        )
        self._show_page(table)
        return {
            "table": table,
            "caption": f"Results on {self.task.name} by split and subset",
            "has_results": bool(scores),
            "chosen_words": words,
            "split": split,
            "splits": splits,
            "n_cells": len(cells.columns),
            "n_chosen": len(places),
            "narrowed": narrowed,
            "columns_page": columns_page,
            "columns_range": columns_page.paginator.get_elided_page_range(columns_page.number, on_each_side=1),
            "export_addresses": export_addresses(self.request),
            "sheet": lambda: cells_sheet(
                self.task,
                [_cells_of_model(row.score, cells, places, places) for row in table.data],
                [cells.columns[place] for place in places],
                _best(cells.scores[:, places]),
                self.scope,
                view_address(self.request),
            ),
        }

    def _statistics(self) -> Context:
        scores = tasks.task_scores(self.task, self.scope)
        ranked = task_insights.ranked_scores(scores)
        summary, bins = distribution(ranked), histogram(ranked)
        agreements = task_insights.board_agreements(self.task, self.scope)
        spreads = [found.relative_spread for found in agreements if found.relative_spread is not None]
        return {
            "has_results": bool(scores),
            "summary": summary,
            "chart": histogram_chart(bins, summary) if summary else None,
            **(self._saturation(ranked) if self.metric.is_fraction else {}),
            "noise": task_insights.task_noise(self.task, scores),
            "agreements": agreements,
            "spreads": {"low": min(spreads), "high": max(spreads)} if spreads else None,
            "fewest_models": FEWEST_MODELS,
        }

    def _saturation(self, ranked: Sequence[float]) -> Context:
        return {
            "saturation": share_from(ranked, SATURATED),
            "saturation_bar": SATURATED,
            "n_saturated": sum(score >= SATURATED for score in ranked),
            "headroom": 1 - max(ranked, default=0.0),
        }

    def _metrics(self) -> Context:
        summaries = task_metrics.metric_summaries(self.task, self.scope)
        families = [(family, list(of_family)) for family, of_family in groupby(summaries, lambda s: s.metric.family)]
        return {
            "has_results": bool(summaries),
            "n_metrics": len(summaries),
            "families": [entry for entry in families if entry[0] != Family.CONFIDENCE],
            "confidence": next((entry[1] for entry in families if entry[0] == Family.CONFIDENCE), []),
        }

    def _data(self) -> Context:
        revisions = tasks.dataset_revisions(self.task, self.scope)
        named = [revision for revision in revisions if revision.name]
        return {
            "facts": data_facts(self.task.descriptive_stats),
            "n_samples": sample_count(self.task.descriptive_stats, self.task.eval_splits),
            "revisions": revisions,
            "versions": tasks.task_versions(self.task),
            "n_current": sum(revision.n_current for revision in revisions),
            "n_stale": sum(revision.n_current for revision in named if not revision.is_registrys),
            "entries": tasks.benchmark_entries(self.task),
            "languages": _languages(self.task, self.names),
        }


def _cells_of_model(
    score: TaskScore, cells: task_cells.TaskCells, chosen: Sequence[int], shown: Sequence[int]
) -> CellsOfModel:
    row = cells.scores[cells.row_of[score.current.model_id, score.current.experiment_id]]
    mean = float(row[list(chosen)].mean()) if chosen else np.nan
    return CellsOfModel(score, _known(mean), [_known(value) for value in row[list(shown)].tolist()])


def _known(value: float) -> float | None:
    return None if np.isnan(value) else value


def _best(scores: Any) -> list[float | None]:
    """The highest score of each column; None where nobody has one."""
    highest = np.fmax.reduce(scores, axis=0, initial=np.nan)
    return [_known(value) for value in highest.tolist()]


def _dataset_address(shown: Task) -> str | None:
    """Where the dataset's repository should be; None where it is kept here or has no name of the Hub's form."""
    if shown.definition or shown.dataset_path.count("/") != 1:
        return None
    return f"{settings.HF_ENDPOINT}/datasets/{shown.dataset_path}"


def _languages(shown: Task, names: dict[str, str]) -> list[tuple[str, str, int]]:
    """(code, name, number of subsets) of every language of the task, by name."""
    by_subset = shown.eval_langs if isinstance(shown.eval_langs, dict) else {"": shown.eval_langs}
    counts = Counter(code for codes in by_subset.values() for code in set(codes))
    named = [(code, names.get(code, code), n) for code, n in counts.items()]
    return sorted(named, key=lambda language: language[1].casefold())
