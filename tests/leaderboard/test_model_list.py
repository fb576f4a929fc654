"""The index of models."""

import pytest
from django.test import Client

from leaderboard.services.boards import bump_data_version
from tests.factories import make_model, make_result, make_task

pytestmark = pytest.mark.django_db


@pytest.fixture
def _models() -> None:
    small = make_model("org/small", n_parameters=33_000_000, open_weights=True, spdx_license="MIT", embed_dim=384)
    large = make_model("org/large", n_parameters=7_000_000_000, open_weights=False, commercial_use=False)
    make_model("lab/new", license="https://lab.example/terms-of-use-of-the-models-of-this-laboratory")
    for task in (make_task(), make_task()):
        make_result(small, task)
    make_result(large, make_task())
    bump_data_version()


def page_of(client: Client, query: str = "") -> str:
    response = client.get(f"/models/{query}")
    assert response.status_code == 200
    return " ".join(response.getvalue().decode().split())


def test_before_the_first_model_the_page_says_which_command_brings_them(client: Client) -> None:
    assert "sync_registry" in page_of(client)


@pytest.mark.usefixtures("_models")
def test_every_model_is_listed_those_with_most_tasks_first(client: Client) -> None:
    page = page_of(client)
    assert "3 models" in page
    places = [page.index(f"/models/{name}/") for name in ("org/small", "org/large", "lab/new")]
    assert places == sorted(places)
    assert "terms at lab.example/terms-of-use-of-the-mode…" in page


@pytest.mark.usefixtures("_models")
@pytest.mark.parametrize(
    ("query", "left"),
    [
        ("?q=params+%3C+1B", ["org/small"]),
        ("?q=large", ["org/large"]),
        ("?q=license:mit+or+commercial:no", ["org/small", "org/large"]),
        ("?weights=open", ["org/small"]),
        ("?weights=unknown", ["lab/new"]),
        ("?results=without", ["lab/new"]),
        ("?results=with&commercial=no", ["org/large"]),
        ("?sort=name", ["lab/new", "org/large", "org/small"]),
        ("?sort=n_parameters", ["org/small", "org/large", "lab/new"]),
    ],
)
def test_the_address_narrows_and_sorts(client: Client, query: str, left: list[str]) -> None:
    page = page_of(client, query)
    shown = [name for name in ("org/small", "org/large", "lab/new") if f"/models/{name}/" in page]
    assert sorted(shown, key=lambda name: page.index(f"/models/{name}/")) == left


@pytest.mark.usefixtures("_models")
def test_facets_count_what_they_would_leave(client: Client) -> None:
    page = page_of(client, "?results=with")
    assert '<option value="open">open (1)</option>' in page
    assert '<option value="with" selected>with results (2)</option>' in page
    assert '<option value="without">without results (1)</option>' in page


@pytest.mark.usefixtures("_models")
def test_an_unreadable_query_points_at_its_place_and_shows_everything(client: Client) -> None:
    page = page_of(client, "?q=rank+%3C+3")
    assert "There is no field “rank” here" in page
    assert "/models/lab/new/" in page


@pytest.mark.usefixtures("_models")
def test_where_nothing_is_left_the_page_says_how_to_go_on(client: Client) -> None:
    assert "No model is like that" in page_of(client, "?q=nobody")


@pytest.mark.usefixtures("_models")
def test_a_form_is_answered_with_the_short_address(client: Client) -> None:
    assert client.get("/models/?q=&weights=open&arch=")["Location"] == "/models/?weights=open"


@pytest.mark.usefixtures("_models")
def test_the_list_can_be_taken_along(client: Client) -> None:
    lines = page_of(client, "?q=org:org&format=csv")
    assert '"org/small",2,33000000,384,,"MIT"' in lines
    assert "lab/new" not in lines


@pytest.mark.usefixtures("_models")
@pytest.mark.parametrize("query", ["?sort=zzz", "?page=99", "?per_page=x", "?weights=%00", "?q=%00", "?arch=zzz"])
def test_the_list_takes_nonsense(client: Client, query: str) -> None:
    page_of(client, query)


@pytest.mark.usefixtures("_models")
def test_the_query_field_is_completed(client: Client) -> None:
    found = client.get("/models/suggestions/?q=par&cursor=3").json()
    assert "params" in {one["text"] for one in found}
    assert "rank" not in {one["text"] for one in client.get("/models/suggestions/?q=ran&cursor=3").json()}
