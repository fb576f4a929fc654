"""The Atom feeds, read as a feed reader reads them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from xml.etree import ElementTree as ET

import pytest
import time_machine
from django.test import Client

from leaderboard.models import BoardSnapshot, ModelMeta, Scope
from leaderboard.services.history import record_ranks
from tests.factories import bump_data_version, make_benchmark, make_board, make_model, make_result, make_row, make_task

pytestmark = pytest.mark.django_db

ATOM = "{http://www.w3.org/2005/Atom}"
MONDAY, TUESDAY = date(2026, 3, 2), date(2026, 3, 3)


@pytest.fixture
def _two_days() -> None:
    """On Monday a board with one model, on Tuesday a second model with a result."""
    board = make_board(make_benchmark("Tiny & Co", [make_task("STS13")], slug="tiny"))
    make_row(board, make_model("org/a"), [0.5])
    record_ranks(benchmarks=[board.benchmark], scopes=[Scope.ALL], day=MONDAY)
    new = make_model("org/<new>")
    make_row(board, new, [0.4])
    with time_machine.travel(datetime(2026, 3, 3, 12, tzinfo=UTC), tick=False):
        make_result(new, board.benchmark.tasks.get(), 0.4)
    record_ranks(benchmarks=[board.benchmark], scopes=[Scope.ALL], day=TUESDAY)
    ModelMeta.objects.update(first_seen_at=None)
    BoardSnapshot.objects.update(recorded_at=datetime(2026, 3, 3, 12, 30, tzinfo=UTC))


def feed(client: Client, address: str) -> ET.Element:
    response = client.get(address)
    assert response["Content-Type"] == "application/atom+xml; charset=utf-8"
    return ET.fromstring(response.content)  # noqa: S314


def texts(element: ET.Element, path: str) -> list[str]:
    return [found.text or "" for found in element.findall("/".join(ATOM + name for name in path.split("/")))]


@pytest.mark.parametrize("address", ["/changes/feed.atom", "/benchmarks/tiny/feed.atom"])
@pytest.mark.usefixtures("_two_days")
def test_a_feed_has_what_atom_requires(client: Client, address: str) -> None:
    root = feed(client, address)
    assert root.tag == f"{ATOM}feed"
    for name in ("id", "title", "updated", "author/name"):
        assert all(texts(root, name)), name
        assert len(texts(root, name)) == 1, name
    assert {"self", "alternate"} == {link.get("rel") for link in root.findall(f"{ATOM}link")}
    entries = root.findall(f"{ATOM}entry")
    assert entries
    for entry in entries:
        for name in ("id", "title", "updated", "published", "content"):
            assert len(texts(entry, name)) == 1, name
            assert all(texts(entry, name)), name
        content = entry.find(f"{ATOM}content")
        assert content is not None
        assert content.get("type") == "html"
        for moment in texts(entry, "updated") + texts(entry, "published"):
            assert datetime.fromisoformat(moment).tzinfo is not None
    identities = texts(root, "entry/id")
    assert len(set(identities)) == len(identities)


@pytest.mark.usefixtures("_two_days")
def test_there_is_one_entry_for_each_day_and_kind(client: Client) -> None:
    root = feed(client, "/changes/feed.atom")
    assert texts(root, "entry/id") == [
        "tag:testserver,2026-03-03:changes/all/all/models",
        "tag:testserver,2026-03-03:changes/all/all/results",
        "tag:testserver,2026-03-03:changes/all/all/boards",
        "tag:testserver,2026-03-02:changes/all/all/boards",
    ]
    assert texts(root, "entry/title")[:3] == [
        "1 new model on 3 March 2026",
        "1 new result of 1 model on 3 March 2026",
        "Moves on 1 board on 3 March 2026",
    ]
    assert texts(root, "updated") == ["2026-03-03T12:30:00+00:00"]
    content = texts(root, "entry/content")
    assert '<a href="http://testserver/models/org/%3Cnew%3E/">org/&lt;new&gt;</a>: 1 result' in content[0]
    assert ": entered at rank 2 (1 new result of its own)" in content[2]


@pytest.mark.usefixtures("_two_days")
def test_a_boards_feed_is_of_that_board(client: Client) -> None:
    make_benchmark("Other", slug="other")
    root = feed(client, "/benchmarks/tiny/feed.atom")
    assert texts(root, "title") == ["Podium: what changed on Tiny & Co"]
    assert not any("models" in identity for identity in texts(root, "entry/id"))
    assert feed(client, "/benchmarks/other/feed.atom").findall(f"{ATOM}entry") == []
    assert client.get("/benchmarks/nowhere/feed.atom").status_code == 404


@pytest.mark.usefixtures("_two_days")
def test_official_results_have_a_feed_of_their_own(client: Client) -> None:
    root = feed(client, "/changes/feed.atom?source=official")
    assert texts(root, "title") == ["Podium: what changed on all boards (official results only)"]
    assert all("/official/" in identity for identity in texts(root, "entry/id"))
    assert not any("boards" in identity for identity in texts(root, "entry/id"))


@pytest.mark.usefixtures("_two_days")
def test_a_reader_that_has_the_feed_is_not_sent_it_again(client: Client) -> None:
    tag = client.get("/benchmarks/tiny/feed.atom")["ETag"]
    assert client.get("/benchmarks/tiny/feed.atom", headers={"If-None-Match": tag}).status_code == 304
    bump_data_version()
    assert client.get("/benchmarks/tiny/feed.atom", headers={"If-None-Match": tag}).status_code == 200


@pytest.mark.usefixtures("_two_days")
def test_pages_of_changes_lead_readers_to_their_feeds(client: Client) -> None:
    link = '<link rel="alternate" type="application/atom+xml"'
    assert link in client.get("/changes/").content.decode()
    assert 'href="/benchmarks/tiny/feed.atom"' in client.get("/benchmarks/tiny/history/").content.decode()


def test_models_that_are_only_heard_of_are_news_too(client: Client) -> None:
    with time_machine.travel(datetime(2026, 3, 3, 12, tzinfo=UTC), tick=False):
        make_model("org/quiet")
    root = feed(client, "/changes/feed.atom")
    assert texts(root, "entry/title") == ["1 model heard of on 3 March 2026"]
    assert "org/quiet" in texts(root, "entry/content")[0]
