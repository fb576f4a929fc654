"""The page that compares a few models, or revisions and variants of one."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from leaderboard.charts.base import Chart
from leaderboard.charts.profiles import means_chart
from leaderboard.comparison import FEWEST, MOST, EntrantName, is_change
from leaderboard.exports.comparisons import comparison_sheet
from leaderboard.freshness import until_data_changes
from leaderboard.models import Board, Scope
from leaderboard.search_terms import cleaned
from leaderboard.selectors import comparisons
from leaderboard.selectors.comparisons import ComparedTask, Entrant, Problem
from leaderboard.tables import comparisons as tables
from leaderboard.tables.cells import revision_text
from leaderboard.task_types import type_label
from leaderboard.views.addresses import scope_of
from leaderboard.views.charts import chart_response
from leaderboard.views.exports import export_addresses, exported, view_address
from leaderboard.views.pools import SCOPE_TEXTS, show_page
from leaderboard.wording import counted, counted_of

PARAMETERS = {"m", "board", "type", "source", "show", "percentiles", "sort", "per_page", "page", "format"}
SHOWN = {"": "All", "common": "Common to all", "changed": "Changed"}
EXAMPLES = (
    ("intfloat/multilingual-e5-large", "intfloat/multilingual-e5-base", "intfloat/multilingual-e5-small"),
    ("BAAI/bge-m3", "Qwen/Qwen3-Embedding-0.6B"),
)
_MOST_NAMES = 12
_SORT = re.compile(r"-?(task|difference|p?[a-f])")


@dataclass(frozen=True)
class Address:
    """What the address asks for; `link` is the shortest address that asks for the same."""

    names: tuple[str, ...] = ()
    board: str = ""
    types: tuple[str, ...] = ()
    official: bool = False
    show: str = ""
    percentiles: bool = False
    sort: str = ""
    per_page: str = ""

    @classmethod
    def of(cls, request: HttpRequest) -> Address:
        asked = request.GET
        names = (cleaned(name) for name in asked.getlist("m"))
        types = (name for value in asked.getlist("type") for name in value.split(","))
        return cls(
            names=tuple(dict.fromkeys(filter(None, names)))[:_MOST_NAMES],
            board=cleaned(asked.get("board", "")),
            types=tuple(dict.fromkeys(filter(None, map(cleaned, types)))),
            official=scope_of(request) == Scope.OFFICIAL,
            show=asked.get("show", "") if asked.get("show", "") in SHOWN else "",
            percentiles=asked.get("percentiles") == "1",
            sort=asked.get("sort", "") if _SORT.fullmatch(asked.get("sort", "")) else "",
            per_page=cleaned(asked.get("per_page", "")),
        )

    @property
    def pairs(self) -> list[tuple[str, str]]:
        flags = {
            "board": self.board,
            "type": ",".join(self.types),
            "source": Scope.OFFICIAL.value if self.official else "",
            "show": self.show,
            "percentiles": "1" if self.percentiles else "",
            "sort": self.sort,
            "per_page": self.per_page,
        }
        return [*(("m", name) for name in self.names), *((name, value) for name, value in flags.items() if value)]

    @property
    def link(self) -> str:
        return f"{reverse('compare')}?{urlencode(self.pairs, safe='/@~:,()')}" if self.pairs else reverse("compare")

    def but(self, **changes: Any) -> Address:
        return replace(self, **changes)


@require_safe
@until_data_changes
def compare(request: HttpRequest) -> HttpResponseBase:
    address = Address.of(request)
    if any(name not in PARAMETERS or not all(values) for name, values in request.GET.lists()):
        return HttpResponseRedirect(address.link)
    page = ComparePage(request, address)
    return page.file() or render(request, "leaderboard/compare.html", page.context())


@require_safe
@until_data_changes
def compare_chart(request: HttpRequest) -> HttpResponseBase:
    """The means by task type, as data."""
    page = ComparePage(request, Address.of(request))
    return chart_response(request, page.chart if page.can_compare else None)


@dataclass(frozen=True)
class Choice:
    """A link that changes one thing of the view, and whether it is what the view shows."""

    label: str
    address: str
    is_chosen: bool


@dataclass(frozen=True)
class Seat:
    """An entrant at the head of the page. `without` is the address of the view without it, `others` add its runs."""

    entrant: Entrant
    head: SafeString
    zero_shot: int | None
    without: str
    others: list[tuple[str, str]]


class ComparePage:
    """Everything that the page shows."""

    def __init__(self, request: HttpRequest, address: Address) -> None:
        self.request, self.scope = request, scope_of(request)
        self.lineup = comparisons.lineup(address.names)
        self.entrants = self.lineup.entrants
        self.asked = address
        # Links name only who was found.
        self.address = address.but(names=tuple(_short(entrant.name) for entrant in self.entrants))
        self.can_compare = len(self.entrants) >= FEWEST

    @cached_property
    def boards(self) -> list[comparisons.BoardComparison]:
        return comparisons.board_comparisons(self.entrants, self.scope)

    @cached_property
    def board(self) -> Board | None:
        found = Board.objects.filter(benchmark__slug=self.address.board, scope=self.scope)
        return found.select_related("benchmark").first() if self.address.board else None

    @cached_property
    def all_tasks(self) -> list[ComparedTask]:
        """Whatever their type."""
        return comparisons.compared_tasks(self.entrants, self.scope, self.board)

    @cached_property
    def chosen_types(self) -> set[str]:
        """The types that the view is narrowed to, of those that there are; none where it is not."""
        return {task.type for task in self.all_tasks} & set(self.address.types)

    @cached_property
    def tasks(self) -> list[ComparedTask]:
        return [task for task in self.all_tasks if not self.chosen_types or task.type in self.chosen_types]

    @cached_property
    def chart(self) -> Chart | None:
        means = comparisons.comparison_series(self.entrants, self.tasks)
        names = [f"{entrant.letter} {entrant.short_name}" for entrant in self.entrants]
        return means_chart(means.labels, names, [means.values[entrant.letter] for entrant in self.entrants])

    @cached_property
    def n_common(self) -> int:
        return sum(None not in task.scores for task in self.tasks)

    @cached_property
    def listed(self) -> list[ComparedTask]:
        """The tasks that the table lists."""
        if self.address.show == "common":
            return [task for task in self.tasks if None not in task.scores]
        if self.address.show == "changed":
            return [task for task in self.tasks if is_change(task.difference)]
        return self.tasks

    @cached_property
    def table(self) -> tables.CompareTable:
        return tables.CompareTable(
            self.listed,
            self.entrants,
            scope=self.scope,
            marks_changes=self.lineup.is_one_model,
            percentiles=self.address.percentiles,
            sort=self.address.sort,
        )

    @property
    def sentence(self) -> str:
        """What the reader is looking at."""
        n, n_tasks = len(self.entrants), len(self.tasks)
        what = "runs of one model" if self.lineup.is_one_model else "models"
        types = ", ".join(type_label(name) for name in sorted(self.chosen_types))
        of_types = f" of type {types}" if types else ""
        where = f" of the board {self.board.benchmark.title}" if self.board else ""
        if not self.tasks:
            return f"{n} {what} without a common task{where}, {SCOPE_TEXTS[self.scope]}."
        who = "both have" if n == FEWEST else "at least two of them have"
        common = f", {self.n_common or 'none'} of which all have" if n > FEWEST else ""
        tasks = counted_of(n_tasks, len(self.board.task_names), "task") if self.board else counted(n_tasks, "task")
        return f"{n} {what} on {tasks}{where}{of_types} that {who}{common}, {SCOPE_TEXTS[self.scope]}."

    def file(self) -> HttpResponseBase | None:
        """The table of tasks as a file, if the address asks for one."""
        if not self.can_compare:
            return None
        return exported(
            self.request,
            lambda: comparison_sheet(
                self.table.data,
                self.entrants,
                percentiles=self.address.percentiles,
                description=self.sentence,
                address=view_address(self.request),
            ),
        )

    def context(self) -> dict[str, Any]:
        context: dict[str, Any] = {
            "scope": self.scope,
            "scopes": Scope,
            "seats": self._seats(),
            "problems": [(problem, self._offers(problem)) for problem in self.lineup.problems],
            "left_out": self.lineup.left_out,
            "fewest": FEWEST,
            "most": MOST,
            "kept": self.address.pairs,
            "can_compare": self.can_compare,
            "is_one_model": self.can_compare and self.lineup.is_one_model,
            "can_add": len(self.entrants) < MOST,
            "swapped": self.address.but(names=tuple(reversed(self.address.names))).link,
        }
        if not self.entrants:
            context["examples"] = _examples()
        if self.can_compare:
            context |= self._comparison()
        return context

    def _comparison(self) -> dict[str, Any]:
        return {
            "sentence": self.sentence,
            "board": self.board,
            "unknown_board": self.address.board if self.address.board and not self.board else "",
            "boards": [board for board in self.boards if board.n_places >= FEWEST],
            "n_single_boards": sum(board.n_places == 1 for board in self.boards),
            "board_choices": [(board.slug, board.title) for board in self.boards if board.n_known >= FEWEST],
            "kept_for_board": self.address.but(board="").pairs,
            "type_choices": self._type_choices(),
            "tasks": self.tasks,
            "has_revisions": any(entrant.revision_id for entrant in self.entrants),
            "means": comparisons.means_by_type(self.entrants, self.tasks),
            "chart": self.chart,
            "chart_address": f"{reverse('compare_chart')}?{urlencode(self.address.pairs)}",
            **self._statistics(),
            **self._listing(),
        }

    def _statistics(self) -> dict[str, Any]:
        if not self.tasks:
            return {}
        found = comparisons.paired_tests(self.entrants, self.tasks, self.scope, self.board)
        pairs = tables.duels(self.entrants, found)
        context: dict[str, Any] = {"pairs": pairs, "enough_tasks": tables.ENOUGH_TASKS}
        if len(pairs) == 1:
            return {**context, "pair": pairs[0], "pair_sentences": tables.pair_sentences(pairs[0])}
        matrix = tables.matrix_body(self.entrants, found)
        return {**context, "matrix": matrix, "pair_heads": tables.PAIR_HEADS}

    def _listing(self) -> dict[str, Any]:
        n_changed = sum(is_change(task.difference) for task in self.tasks)
        shown = [name for name in SHOWN if name != "changed" or self.lineup.is_one_model]
        if len(self.entrants) == FEWEST:
            shown.remove("common")
        return {
            **show_page(self.request, self.table),
            "caption": "Scores by task",
            "export_addresses": export_addresses(self.request),
            "change_sentence": tables.change_sentence(n_changed, len(self.tasks)) if self.lineup.is_one_model else "",
            "n_changed": n_changed,
            "changed_address": self.address.but(show="changed").link,
            "show_choices": [
                Choice(SHOWN[name], self.address.but(show=name).link, name == self.address.show) for name in shown
            ],
            "percentile_choices": [
                Choice(label, self.address.but(percentiles=on).link, on == self.address.percentiles)
                for label, on in (("Hide", False), ("Show", True))
            ],
            "percentiles_shown": self.address.percentiles,
            "undisclosed": [entrant for entrant in self.entrants if entrant.facts.contaminated_tasks is None],
            "has_contaminated": any(
                task.name in entrant.contaminated for task in self.tasks for entrant in self.entrants
            ),
        }

    def _type_choices(self) -> list[Choice]:
        """Each link turns one type on or off."""
        counts = Counter(task.type for task in self.all_tasks)
        chosen = self.chosen_types
        choices = [Choice(f"All {sum(counts.values()):,}", self.address.but(types=()).link, not chosen)]
        for name in sorted(counts):
            types = tuple(sorted(chosen ^ {name}))
            link = self.address.but(types=types).link
            choices.append(Choice(f"{type_label(name)} {counts[name]:,}", link, name in chosen))
        return choices if len(counts) > 1 else []

    def _offers(self, problem: Problem) -> list[tuple[str, str]]:
        """(name, address of the view with it in place of what was asked for)."""
        return [(name, self._with_names((*self.address.names, name))) for name in problem.nearest]

    @cached_property
    def runs(self) -> dict[int, list[comparisons.Run]]:
        return comparisons.runs_of_models(self.entrants)

    def _seats(self) -> list[Seat]:
        board = next((board for board in self.boards if board.slug == self.address.board), None)
        places = board.places if board else [None] * len(self.entrants)
        return [
            Seat(
                entrant=entrant,
                head=tables.entrant_head(entrant),
                zero_shot=place.zero_shot if place else None,
                without=self._with_names(name for name in self.address.names if name != _short(entrant.name)),
                others=self._others(entrant),
            )
            for entrant, place in zip(self.entrants, places, strict=True)
        ]

    def _others(self, entrant: Entrant) -> list[tuple[str, str]]:
        """The other runs of its model, each with the address of the view with it."""
        present = {one.name for one in self.entrants}
        return [
            (tables.run_text(run), self._with_names((*self.address.names, _short(run.name))))
            for run in self.runs.get(entrant.facts.id, [])
            if run.name not in present
        ]

    def _with_names(self, names: Iterable[str]) -> str:
        return self.address.but(names=tuple(names)).link


def _short(name: EntrantName) -> str:
    """How links name somebody: a commit by its first digits."""
    return str(name._replace(revision=revision_text(name.revision)))


def _examples() -> list[tuple[str, str]]:
    """Links to comparisons of models that are here."""
    known = comparisons.known_models({name for names in EXAMPLES for name in names})
    return [(", ".join(names), Address(names=names).link) for names in EXAMPLES if known.issuperset(names)]
