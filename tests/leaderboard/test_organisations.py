"""The pages of organisations."""

from __future__ import annotations

from datetime import date

import pytest
from django.test import Client

from leaderboard.models import Board
from tests.factories import make_benchmark, make_board, make_model, make_row, make_task

pytestmark = pytest.mark.django_db


def text(client: Client, address: str, status: int = 200) -> str:
    response = client.get(address)
    assert response.status_code == status, address
    return " ".join(response.getvalue().decode().split())


def csv(client: Client, address: str) -> str:
    return text(client, address).replace('"', "")


@pytest.fixture
def _models() -> None:
    board = make_board(make_benchmark("B", [make_task()], display_name="Board"))
    leader = make_model("acme/leader", license="mit", open_weights=True, release_date=date(2026, 1, 2))
    make_row(board, leader, [0.9])
    make_row(board, make_model("other/one"), [0.8])
    make_row(board, make_model("acme/small", n_parameters=33_000_000, open_weights=False), [0.7])
    Board.objects.update(n_rows=3)
    make_model("acme/unranked")
    make_model("nobody")


@pytest.mark.usefixtures("_models")
def test_organisations_are_listed_with_their_models_and_firsts(client: Client) -> None:
    page = text(client, "/organisations/")
    assert page.index("/organisations/acme/") < page.index("/organisations/other/")
    assert "<td>3<td>2<td>1<td>2026-01-02" in page
    assert "1 of 2 organisations" in text(client, "/organisations/?q=ACM")
    assert "No organisation is called that" in text(client, "/organisations/?q=%00zzz")


@pytest.mark.usefixtures("_models")
def test_an_organisation_page_shows_models_best_placed_first(client: Client) -> None:
    page = text(client, "/organisations/acme/")
    assert "3 models, on 1 board, first on 1" in page
    leader, small, unranked = (page.index(f"/models/acme/{name}/") for name in ("leader", "small", "unranked"))
    assert leader < small < unranked
    assert '3</span> of 3 on <a href="/benchmarks/b/">Board</a>' in page
    assert "open" in page
    assert "acme/leader,,2026-01-02,mit,yes,1,3,B,1,1" in csv(client, "/organisations/acme/?format=csv")


@pytest.mark.usefixtures("_models")
def test_an_organisation_page_shows_its_best_placement_on_each_board(client: Client) -> None:
    page = text(client, "/organisations/acme/?view=boards")
    assert "/models/acme/leader/" in page
    assert "/models/acme/small/" not in page
    assert "B,1,3,acme/leader," in csv(client, "/organisations/acme/?view=boards&format=csv")


@pytest.mark.usefixtures("_models")
def test_an_organisation_on_no_board_says_so(client: Client) -> None:
    assert "On no board yet" in text(client, "/organisations/acme/?view=boards&source=official")
    for address in ("/organisations/nowhere/", "/organisations/%00/"):
        text(client, address, status=404)


def test_the_index_of_organisations_says_how_to_bring_models_in(client: Client) -> None:
    assert "sync_registry" in text(client, "/organisations/")
