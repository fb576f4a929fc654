"""The menu of boards, and a board."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from leaderboard import board_query
from leaderboard.above_random import RANDOM_ENCODER
from leaderboard.board_query import BoardQuery
from leaderboard.citations import CitedBoard, board_bibtex
from leaderboard.exports.boards import board_sheet
from leaderboard.exports.sheets import Sheet
from leaderboard.freshness import until_data_changes
from leaderboard.models import Benchmark, Board, Scope
from leaderboard.query_fields import METADATA, STANDING
from leaderboard.query_language import QueryError
from leaderboard.selectors import boards, cubes, facets, history, menu, standings, tasks
from leaderboard.selectors.board_metrics import OfferedMetric, UnusableMetric
from leaderboard.selectors.boards import ShownBoard, View, entrant
from leaderboard.selectors.declined_tasks import declined_tasks
from leaderboard.selectors.measurements import compared_hardware
from leaderboard.selectors.model_facts import model_facts
from leaderboard.selectors.own_boards import OwnBoard
from leaderboard.selectors.staleness import stale_tasks
from leaderboard.selectors.standings import Standings
from leaderboard.tables.boards import BoardTable, Marks, column_label, ranking_rule
from leaderboard.views.addresses import scope_of
from leaderboard.views.charts import board_charts_context
from leaderboard.views.exports import export_addresses, exported, view_address
from leaderboard.views.queries import query_context, suggested
from leaderboard.wording import METHOD_NOTES, METHODS, Chip, Extent, chips, in_one_line, languages_in_one_line

PAGE_SIZES = {"50": 50, "100": 100, "all": None}
DEFAULT_PAGE_SIZE = "50"
MAX_PINNED = 20
PIN = "pin_ticked"
CHOSEN = "m"
NOT_FILTERED = "This board has no cells to be ranked anew yet: import results once more, which computes all boards."
# The views that are no other columns of the same rows.
NARROWED = {View.LANGUAGES: standings.language_standings, View.WITHOUT: standings.standings_without_types}
# What an address says beside the query, in the order of a link.
DISPLAY = ("title", "tasks", "view", "source", "sort", "hide", "show", "pin", "per_page", "page")


@require_safe
@until_data_changes
def home(request: HttpRequest) -> HttpResponse:
    return render(request, "leaderboard/home.html", {"menu": menu.benchmark_menu(), "totals": menu.totals()})


@require_safe
@until_data_changes
def benchmark(request: HttpRequest, slug: str) -> HttpResponseBase:
    shown = get_object_or_404(Benchmark, slug=slug)
    return board_response(request, shown, boards.find_board(shown, scope_of(request)))


def board_response(request: HttpRequest, shown: Benchmark, board: Board | OwnBoard | None) -> HttpResponseBase:
    """The page of a board, or its view as a file; a form's address is shortened first."""
    query = board_query.parse(dict(request.GET.lists()))
    if _is_from_form(request):
        return HttpResponseRedirect(f"{request.path}?{view_parameters(request, query)}")
    page = BoardPage(request, shown, board, query)
    if page.table and (answer := exported(request, page.sheet)):
        return answer
    return render(request, "leaderboard/benchmark.html", page.context())


def _is_from_form(request: HttpRequest) -> bool:
    """Whether a form made the address, which then says more than a link needs to."""
    return any(
        len(values) > 1 or not values[-1] or name == PIN or name.rpartition("_")[2] in {"min", "max"}
        for name, values in request.GET.lists()
        if name in board_query.PARAMETERS or name in {"hide", "show", "pin", PIN}
    )


def view_parameters(request: HttpRequest, query: BoardQuery) -> str:
    """The parameters of a link to this view."""
    display = [(name, ",".join(filter(None, request.GET.getlist(name)))) for name in DISPLAY if name != "page"]
    if PIN not in request.GET:
        display += [(CHOSEN, name) for name in request.GET.getlist(CHOSEN)]
    else:
        pinned = dict.fromkeys([*request.GET.get("pin", "").split(","), *request.GET.getlist(CHOSEN)])
        display = [(name, ",".join(filter(None, pinned)) if name == "pin" else value) for name, value in display]
    display = [(name, value) for name, value in display if value]
    return urlencode([*query.pairs, *display], safe=",:/.")


class BoardPage:
    """Everything that the page of a board shows."""

    def __init__(
        self, request: HttpRequest, shown: Benchmark, board: Board | OwnBoard | None, query: BoardQuery
    ) -> None:
        self.request, self.benchmark, self.board, self.query = request, shown, board, query
        self.scope = scope_of(request)
        self.query_error: QueryError | None = None
        self.standings: Standings | None = None
        self.table: BoardTable | None = None
        self._measured = self._verified = False
        self.view = View.SUMMARY
        if board:
            self.view = View(asked) if (asked := request.GET.get("view", "")) in View.values else View.SUMMARY
            self._fill(board)

    def _fill(self, board: Board | OwnBoard) -> None:
        self._settle_metric(board)
        if not self._is_stored(board):
            narrow = NARROWED.get(self.view, standings.board_standings)
            try:
                self.standings = narrow(board, self.query)
            except QueryError as problem:
                self.query_error = problem
                self.query = self.query.without("q")
                self.standings = narrow(board, self.query)
        if self.standings is None and not self.query.is_plain:
            self.query = BoardQuery(problems=(NOT_FILTERED,))
        if self.view != View.CHARTS:
            self.table = self._table(board)

    def _settle_metric(self, board: Board | OwnBoard) -> None:
        """Go back to the main score, and say why, where the metric ranks none of the tasks in view."""
        if not self.query.metric:
            return
        try:
            cubes.query_cube(board, self.query)
        except UnusableMetric as problem:
            problems = (*self.query.problems, str(problem))
            self.query = replace(self.query.without("metric"), problems=problems)

    def _is_stored(self, board: Board | OwnBoard) -> bool:
        """Whether the rows of this view stand in the database."""
        if not isinstance(board, Board) or not self.query.is_plain or self._shows_above_random:
            return False
        return bool(board.languages) if self.view == View.LANGUAGES else self.view != View.WITHOUT

    @property
    def _shows_above_random(self) -> bool:
        return self.view == View.SUMMARY and boards.ABOVE_RANDOM.key in self._named("show")

    def _named(self, parameter: str) -> set[str]:
        """The columns that a parameter names."""
        return set(self.request.GET.get(parameter, "").split(","))

    def _table(self, board: Board | OwnBoard) -> BoardTable | None:
        """None for a board of somebody's own without results."""
        head = self._head(board)
        if head is None:
            return None
        has_score = self.standings is not None and self.standings.columns.get("method_score") is not None
        self._measured, self._verified = self._has_measured(board), self._has_verified(board)
        columns = boards.board_columns(
            self.benchmark,
            head,
            self.view,
            method_score=has_score,
            measured=self._measured,
            verified=self._verified,
            above_random=self._shows_above_random and self._can_show_above_random,
            without=self.standings.without_types if self.standings else (),
        )
        hidden = self._named("hide")
        columns = [column for column in columns if column.key not in hidden or column.key in {"rank", "model"}]
        sort = self.request.GET.get("sort", "")
        table = BoardTable(self._rows(board, columns), board=head, view=self.view, columns=columns, sort=sort)
        per_page = self.request.GET.get("per_page", DEFAULT_PAGE_SIZE)
        table.show_page(self.request.GET.get("page"), PAGE_SIZES.get(per_page, PAGE_SIZES[DEFAULT_PAGE_SIZE]))
        table.pinned = self._pinned(board, columns)
        table.marks = self._marks(board, table, columns)
        return table

    @property
    def _can_show_above_random(self) -> bool:
        """Whether the random encoder was run on tasks in view; unknown, and so False, for a board as it is stored."""
        return self.standings is not None and self.standings.n_above_random > 0

    def _head(self, board: Board | OwnBoard) -> ShownBoard | None:
        """What names the columns: the narrowed board where there is one, else the stored one."""
        if self.standings is not None:
            return self.standings.head
        return board if isinstance(board, Board) else None

    def _rows(self, board: Board | OwnBoard, columns: Sequence[boards.BoardColumn]) -> QuerySet[Any, Any] | Standings:
        if self.standings is not None or not isinstance(board, Board):
            assert self.standings is not None  # noqa: S101 -- Without them such a board has no table.
            return self.standings
        return boards.board_rows(board, self.view, columns)

    def _has_measured(self, board: Board | OwnBoard) -> bool:
        if self.view != View.SUMMARY:
            return False
        if self.standings is not None:
            return self.standings.has_measured
        return isinstance(board, Board) and boards.has_measured(board)

    def _has_verified(self, board: Board | OwnBoard) -> bool:
        if self.view != View.SUMMARY:
            return False
        if self.standings is not None:
            return self.standings.has_verified
        return isinstance(board, Board) and boards.has_verified(board)

    def _pinned(self, board: Board | OwnBoard, columns: Sequence[boards.BoardColumn]) -> list[Any]:
        asked = self.request.GET.get("pin", "").split(",")[:MAX_PINNED]
        names = [name for name in asked if name and "\0" not in name]  # PostgreSQL refuses to look for a NUL.
        if not names:
            return []
        rows = self._rows(board, columns)
        if isinstance(rows, Standings):
            return rows.records([place for place, name in enumerate(rows.entrants) if name in names])
        models = [name.partition("~")[0] for name in names]
        found = rows.filter(model_meta__name__in=models)
        return [one for one in found if entrant(one.model_meta__name, getattr(one, "experiment_id", "")) in names]

    def _marks(self, board: Board | OwnBoard, table: BoardTable, columns: Sequence[boards.BoardColumn]) -> Marks:
        if isinstance(board, Board) and self.standings is None:
            scales = boards.board_scales(board, self.view, columns)
        else:
            scales = self.standings.scales(columns) if self.standings else {}
        if self.view != View.TASKS:
            return Marks(scales)
        ids = [record.model_meta_id for record in [*table.records(), *table.pinned]]
        facts = model_facts()
        contaminated = {id_: set(facts[id_].contaminated_tasks or ()) for id_ in ids}
        stale = stale_tasks(table.board.task_names, ids, table.board.scope)
        return Marks(scales, boards.started_tasks(table.board, ids), contaminated, declined_tasks(ids), stale)

    def sheet(self) -> Sheet:
        """The table as a file shows it."""
        assert self.table is not None  # noqa: S101 -- Asked for only where there is one.
        return board_sheet(self.table, description=self.sentence, address=view_address(self.request))

    def context(self) -> dict[str, Any]:
        request = self.request
        per_page = request.GET.get("per_page", "")
        return {
            "benchmark": self.benchmark,
            "board": self.board,
            "table": self.table,
            "standings": self.standings,
            "view": self.view,
            "views": self._views(),
            "caption": f"{self.benchmark.title}: {self.view.label.lower()}" if self.board else "",
            "sentence": self.sentence,
            "citation": self._citation(self.board) if self.board else self.benchmark.citation,
            "export_addresses": export_addresses(request),
            "chips": self._chips(),
            "query": self.query,
            **query_context(request, self.query_error, self._suggestions_url()),
            "is_own": isinstance(self.board, OwnBoard),
            "whole_board": self._whole_board(),
            "builder_address": self._builder_address(),
            "query_fields": (*METADATA, *STANDING),
            "methods": [(method, label, METHOD_NOTES[method]) for method, label in METHODS.items()],
            "facets": self._facets(),
            "metrics": self._metrics(),
            "asked_metric": request.GET.get("metric", ""),
            "kept": self._kept(),
            "per_page": per_page if per_page in PAGE_SIZES else DEFAULT_PAGE_SIZE,
            "columns": self._column_choices(),
            "above_random": self._shows_above_random,
            "random_encoder": RANDOM_ENCODER,
            "shows_verified": self._verified,
            "measured_on": compared_hardware() if self._measured else "",
            **self._charts(),
            "scope": self.scope,
            "scopes": Scope,
            "page_sizes": PAGE_SIZES,
            "benchmark_tasks": self.board.tasks if isinstance(self.board, OwnBoard) else tasks.tasks_of(self.benchmark),
            "successors": Benchmark.objects.filter(name__in=self.benchmark.superseded_by),
        }

    def _charts(self) -> dict[str, Any]:
        if self.board is None or self.view != View.CHARTS:
            return {}
        shown = self.standings or standings.board_standings(self.board, self.query)
        return board_charts_context(self.request, self.board, shown) if shown else {}

    @property
    def sentence(self) -> str:
        board = self.board
        if board is None:
            return ""
        official_only = self.scope == Scope.OFFICIAL
        if self.view == View.LANGUAGES and self.table:
            n_languages = len(self.table.board.languages)
            of_languages = self.standings.of_languages if self.standings is not None else n_languages
            n_models = self.table.paginator.count
            return languages_in_one_line(n_models, n_languages, of_languages, official_only=official_only)
        extent = (
            Extent(len(found), found.of_rows, found.head.n_declared_tasks, found.of_tasks)
            if (found := self.standings) is not None
            else Extent(board.n_rows, board.n_rows, board.n_declared_tasks, board.n_declared_tasks)
        )
        rule = ranking_rule(self.benchmark)
        return in_one_line(extent, self.query, rule=rule, official_only=official_only)

    def _citation(self, board: Board | OwnBoard) -> str:
        """BibTeX of the benchmark and of this board as it was recorded last; a board that nobody stored has none."""
        if isinstance(board, OwnBoard):
            return ""
        snapshot = history.snapshots(self.benchmark, self.scope).first()
        if snapshot is None:
            return self.benchmark.citation
        address = reverse("board_on_day", args=[self.benchmark.slug, snapshot.day.isoformat()])
        official = self.scope == Scope.OFFICIAL
        cited = CitedBoard(
            name=self.benchmark.name,
            slug=self.benchmark.slug,
            day=snapshot.day,
            n_rows=snapshot.n_rows,
            data_version=snapshot.data_version,
            official_only=official,
            address=self.request.build_absolute_uri(address + (f"?source={self.scope}" if official else "")),
        )
        return board_bibtex(citation=self.benchmark.citation, board=cited)

    def _views(self) -> list[tuple[View, bool]]:
        """The tabs, and whether each is the one that is open."""
        if not self.board:
            return []
        return [(view, view == self.view) for view in View]

    def _chips(self) -> list[tuple[Chip, str]]:
        """What narrows the board, each with the address of the view without it."""
        found = chips(self.query, facets.value_label)
        return [(chip, view_parameters(self.request, chip.without)) for chip in found]

    def _facets(self) -> facets.Facets | None:
        """Only where they are asked for: they take longer than the table."""
        found = cubes.query_cube(self.board, self.query) if self.board and "filters" in self.request.GET else None
        return facets.board_facets(found.cube, self.query) if found else None

    def _metrics(self) -> list[tuple[str, list[OfferedMetric]]]:
        """The metrics to choose from, family by family, where filters are open or a metric was asked for."""
        if not self.board or not {"filters", "metric"} & self.request.GET.keys():
            return []
        offered = cubes.query_metrics(self.board, self.query)
        return [(family, list(of)) for family, of in groupby(offered, lambda one: one.metric.family.value)]

    def _suggestions_url(self) -> str:
        if isinstance(self.board, OwnBoard):
            return f"{reverse('own_board_suggestions')}?{urlencode({'tasks': self.request.GET.get('tasks', '')})}"
        return reverse("query_suggestions", args=[self.benchmark.slug])

    def _builder_address(self) -> str:
        """Where a board of one's own is made of these tasks."""
        own = {name: self.request.GET.get(name, "") for name in ("title", "tasks")}
        asked = own if isinstance(self.board, OwnBoard) else {"from": self.benchmark.slug}
        return f"{reverse('own_board_builder')}?{urlencode(asked)}"

    def _whole_board(self) -> str:
        """The address of the board without anything that narrows it."""
        kept = {name: self.request.GET.get(name, "") for name in ("title", "tasks", "source")}
        asked = urlencode({name: value for name, value in kept.items() if value})
        return f"{self.request.path}?{asked}" if asked else self.request.path

    def _kept(self) -> list[tuple[str, str]]:
        """What a form has to repeat so that sending it changes only what it asks."""
        left_out = {"page", "hide", "show"} if "filters" in self.request.GET else {"page"}
        return [
            (name, self.request.GET[name]) for name in DISPLAY if self.request.GET.get(name) and name not in left_out
        ]

    def _column_choices(self) -> list[tuple[str, str, bool]]:
        """(key, label, shown) of the columns that can be left out."""
        if not self.board or self.view != View.SUMMARY:
            return []
        head = self._head(self.board)
        if head is None:
            return []
        hidden = self._named("hide")
        return [
            (column.key, str(column_label(column)), column.key not in hidden)
            for column in boards.board_columns(
                self.benchmark, head, View.SUMMARY, measured=self._measured, verified=self._verified
            )
            if column.key not in {"rank", "model"}
        ]


@require_safe
@until_data_changes
def query_suggestions(request: HttpRequest, slug: str) -> JsonResponse:
    """What may follow in the query field at the cursor."""
    return suggestions_response(request, boards.find_board(get_object_or_404(Benchmark, slug=slug), scope_of(request)))


def suggestions_response(request: HttpRequest, board: Board | OwnBoard | None) -> JsonResponse:
    return suggested(request, cubes.query_fields(board) if board else [])
