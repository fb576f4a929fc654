"""What the pages of a language, a script and a task type share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse

from leaderboard.exports.pools import pool_sheet, pool_task_sheet
from leaderboard.models import Scope
from leaderboard.query_language import QueryError
from leaderboard.selectors.model_queries import model_query_fields
from leaderboard.selectors.pool_boards import PoolBoard
from leaderboard.tables.base import PodiumTable
from leaderboard.tables.pools import PoolTable, PoolTaskTable
from leaderboard.views.addresses import scope_of
from leaderboard.views.exports import export_addresses, exported, view_address
from leaderboard.views.queries import query_context, query_text
from leaderboard.wording import counted, sources

PAGE_SIZES = {"50": 50, "100": 100, "all": None}
DEFAULT_PAGE_SIZE = "50"
SCOPE_TEXTS = {scope: f"from {sources(official_only=scope == Scope.OFFICIAL)}" for scope in Scope}


class View(StrEnum):
    MODELS = "models"
    TASKS = "tasks"


def show_page(request: HttpRequest, table: PodiumTable) -> dict[str, Any]:
    """The page of the table that the address asks for, and what the template says of it."""
    asked = request.GET.get("per_page", "")
    per_page = asked if asked in PAGE_SIZES else DEFAULT_PAGE_SIZE
    table.show_page(request.GET.get("page"), PAGE_SIZES[per_page])
    return {"table": table, "page_sizes": PAGE_SIZES, "per_page": per_page}


class PoolPage:
    """A page with the models of a pool and its tasks, narrowed to those that the query text of the address leaves.

    `board_of` gives the board for a query text and raises QueryError. `where` ends the line
    under the title: "in German".
    """

    def __init__(
        self, request: HttpRequest, board_of: Callable[[str], PoolBoard | None], title: str, where: str
    ) -> None:
        self.request, self.title, self.where = request, title, where
        self.query = query_text(request)
        self.query_error: QueryError | None = None
        try:
            self.board = board_of(self.query)
        except QueryError as problem:
            self.query_error, self.query = problem, ""
            self.board = board_of("")
        self.of_models = len(whole.rows) if (whole := board_of("")) else 0

    @property
    def view(self) -> View:
        asked = self.request.GET.get("view", "")
        return View(asked) if asked in list(View) else View.MODELS

    def answer(self, template: str, context: Mapping[str, Any]) -> HttpResponseBase:
        scope = scope_of(self.request)
        shared = {
            "title": self.title,
            "scope": scope,
            "scopes": Scope,
            "board": self.board,
            "of_models": self.of_models,
            "view": self.view,
            "query_fields": model_query_fields(),
            **query_context(self.request, self.query_error, reverse("model_suggestions")),
        }
        if self.board is None:
            return render(self.request, template, {**shared, **context})
        board, sort = self.board, self.request.GET.get("sort", "")
        kinds: dict[View, type[PoolTable] | type[PoolTaskTable]] = {View.MODELS: PoolTable, View.TASKS: PoolTaskTable}
        table = kinds[self.view](board, scope=scope, sort=sort)
        about = self._in_one_line(board, scope)
        answer = exported(self.request, lambda: self._sheet(board, table, about))
        return answer or render(
            self.request,
            template,
            {
                **shared,
                **show_page(self.request, table),
                "about": about,
                "caption": f"{self.title}: {self.view}",
                "export_addresses": export_addresses(self.request),
                **context,
            },
        )

    def _in_one_line(self, board: PoolBoard, scope: Scope) -> str:
        tasks = counted(board.n_counted, "task")
        among = f"among the {len(board.rows):,} of {self.of_models:,} that the query leaves, " if self.query else ""
        ranked = f"{counted(board.n_ranked, 'model')} ranked by win rate over {tasks} {self.where}"
        return f"{ranked}, {among}{SCOPE_TEXTS[scope]}."

    def _sheet(self, board: PoolBoard, table: PodiumTable, about: str) -> Any:
        rows, address = table.data.data, view_address(self.request)
        if self.view == View.TASKS:
            return pool_task_sheet(rows, title=self.title, about=about, address=address)
        return pool_sheet(board, rows, title=self.title, about=about, address=address)
