"""The pages of task types."""

from __future__ import annotations

import pytest
from django.test import Client

from leaderboard.task_types import type_label, type_text
from tests.factories import make_benchmark, make_board, make_model, make_result, make_row, make_task

pytestmark = pytest.mark.django_db


def text(client: Client, address: str, status: int = 200) -> str:
    response = client.get(address)
    assert response.status_code == status, address
    return " ".join(response.getvalue().decode().split())


def csv(client: Client, address: str) -> str:
    return text(client, address).replace('"', "")


@pytest.fixture
def _tasks() -> None:
    first = make_task("First", type="PairClassification", main_score="max_ap")
    second = make_task("Second", type="PairClassification", main_score="max_ap")
    make_task("Other", type="STS")
    good, half = make_model("org/good"), make_model("org/half")
    for task in (first, second):
        make_result(good, task, 0.9)
    make_result(half, first, 0.95)
    make_row(make_board(make_benchmark("Pairs", [first, second])), good)


def test_names_of_types_read_as_words() -> None:
    assert type_label("PairClassification") == "Pair Classification"
    assert type_label("Any2AnyRetrieval") == "Any-to-any Retrieval"
    assert type_label("VisualSTS(multi)") == "Visual STS (multilingual)"
    assert type_text("Nonsense") is None


@pytest.mark.usefixtures("_tasks")
def test_every_type_is_listed_with_what_it_asks(client: Client) -> None:
    page = text(client, "/task-types/")
    assert 'href="/task-types/PairClassification/">Pair Classification</a>' in page
    assert "Say whether two texts belong together" in page
    assert "<td>2<td>2<td>2" in page


@pytest.mark.usefixtures("_tasks")
def test_a_type_page_explains_it_and_ranks_models(client: Client) -> None:
    page = text(client, "/task-types/PairClassification/")
    assert "2 models ranked by win rate over 2 tasks of this type" in page
    assert page.index("/models/org/half/") < page.index("/models/org/good/")
    assert "average precision" in page
    assert 'href="/benchmarks/pairs/?type=PairClassification"' in page
    assert "1,org/half,100.00,1,2,95.00" in csv(client, "/task-types/PairClassification/?format=csv")


@pytest.mark.usefixtures("_tasks")
def test_a_type_without_results_says_so(client: Client) -> None:
    assert "No results yet" in text(client, "/task-types/STS/")
    assert "There is no task type called" in text(client, "/task-types/Nothing/", status=404)


def test_the_index_of_types_says_how_to_bring_them_in(client: Client) -> None:
    assert "sync_registry" in text(client, "/task-types/")
