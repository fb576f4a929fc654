"""Organisations: who makes models, and how well these do."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, F, Max, Q
from django.db.models.functions import Coalesce

from leaderboard.memory import Kept
from leaderboard.models import BoardRow, ModelMeta, Scope
from leaderboard.selectors.versions import data_version


@dataclass(frozen=True, slots=True)
class OrganisationEntry:
    """An organisation: its models, those of them on a board, the boards it leads, and its latest release."""

    name: str
    n_models: int
    n_on_boards: int
    n_led: int
    latest: date | None


@dataclass(frozen=True, slots=True)
class Placement:
    """A rank on a board; `model` may be a variant."""

    board: str
    board_name: str
    slug: str
    model: str
    experiment_id: str
    rank: int
    n_rows: int


@dataclass(frozen=True, slots=True)
class OrganisationModel:
    """A model with its best placement: the lowest rank, on the board with most models where several are equal."""

    name: str
    n_parameters: int | None
    release_date: date | None
    license: str | None
    open_weights: bool | None
    n_boards: int
    n_led: int
    best: Placement | None

    @property
    def best_rank(self) -> int | None:
        return self.best.rank if self.best else None


@dataclass(frozen=True, slots=True)
class Organisation:
    """`models` have the best placed first; `placements` holds the best one of each board, in the order of the menu."""

    name: str
    models: list[OrganisationModel]
    placements: list[Placement]

    @property
    def n_led(self) -> int:
        return sum(placement.rank == 1 for placement in self.placements)


_entries: Kept[list[OrganisationEntry]] = Kept(len(Scope))


def organisation_entries(scope: Scope) -> list[OrganisationEntry]:
    """Every organisation, those with most models first; kept in memory until the data change."""
    return _entries.get((scope, data_version()), lambda: _organisation_entries(scope))


def _organisation_entries(scope: Scope) -> list[OrganisationEntry]:
    ranked = BoardRow.objects.filter(board__scope=scope, rank__isnull=False).order_by()
    on_boards = ranked.values_list("model_meta__organisation").annotate(
        n=Count("model_meta", distinct=True), led=Count("board", distinct=True, filter=Q(rank=1))
    )
    placed = {name: (n, led) for name, n, led in on_boards}
    models = ModelMeta.objects.exclude(organisation="").order_by().values_list("organisation")
    return [
        OrganisationEntry(name, n, *placed.get(name, (0, 0)), latest)
        for name, n, latest in sorted(
            models.annotate(n=Count("pk"), latest=Max("release_date")), key=lambda row: (-row[1], row[0].lower())
        )
    ]


def find_organisation(scope: Scope, name: str) -> Organisation | None:
    models = ModelMeta.objects.filter(organisation=name).values_list(
        "name", "n_parameters", "release_date", Coalesce("spdx_license", "license"), "open_weights"
    )
    placements = _placements(scope, name)
    of_model = defaultdict(list)
    for placement in placements:
        of_model[placement.model].append(placement)
    rows = [_model(facts, of_model[facts[0]]) for facts in models]
    if not rows:
        return None
    return Organisation(name, sorted(rows, key=_place), _best_of_each_board(placements))


def _placements(scope: Scope, name: str) -> list[Placement]:
    """Every ranked row of the organisation's models, board by board in the order of the menu, best first."""
    rows = BoardRow.objects.filter(model_meta__organisation=name, board__scope=scope, rank__isnull=False)
    rows = rows.order_by(
        F("board__benchmark__menu_position").asc(nulls_last=True), "board__benchmark__name", "position"
    )
    columns = "display_name", "name", "slug"
    values = rows.values_list(
        *(f"board__benchmark__{column}" for column in columns),
        "model_meta__name",
        "experiment_id",
        "rank",
        "board__n_rows",
    )
    return [Placement(display_name or board_name, board_name, *rest) for display_name, board_name, *rest in values]


def _model(facts: Any, placements: list[Placement]) -> OrganisationModel:
    best = min(placements, key=lambda placement: (placement.rank, -placement.n_rows), default=None)
    led = {placement.slug for placement in placements if placement.rank == 1}
    boards = {placement.slug for placement in placements}
    name, n_parameters, release_date, license_, open_weights = facts
    return OrganisationModel(
        name=name,
        n_parameters=n_parameters,
        release_date=release_date,
        license=license_,
        open_weights=open_weights,
        n_boards=len(boards),
        n_led=len(led),
        best=best,
    )


def _place(row: OrganisationModel) -> tuple[bool, int, int, str]:
    """Those on boards first, by rank; then by name."""
    return row.best is None, row.best_rank or 0, -(row.best.n_rows if row.best else 0), row.name.lower()


def _best_of_each_board(placements: Iterable[Placement]) -> list[Placement]:
    best: dict[str, Placement] = {}
    for placement in placements:
        best.setdefault(placement.slug, placement)
    return list(best.values())
