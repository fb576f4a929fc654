"""Saved views, boards of readers' own, and publishing them."""

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from leaderboard.models import Benchmark, BoardRow, SavedView
from leaderboard.own_boards import Choice, UnreadableBoard, choices_text, parse_choices
from leaderboard.services.views import UnusableView, is_view, publish_view, save_view
from tests.factories import bump_data_version, make_benchmark, make_model, make_result, make_task

pytestmark = pytest.mark.django_db


def text(client: Client, address: str, status: int = 200) -> str:
    response = client.get(address)
    assert response.status_code == status
    return response.content.decode()


def three_tasks() -> None:
    """First is ahead on two tasks, second far ahead on the third."""
    first, second = make_model("org/first"), make_model("org/second")
    for name, one, other in (("STS13", 0.8, 0.7), ("ArguAna", 0.6, 0.5), ("SciFact", 0.4, 0.9)):
        task = make_task(name, type="STS" if name == "STS13" else "Retrieval")
        make_result(first, task, one)
        make_result(second, task, other)
    bump_data_version()


def test_choices_read_and_write_the_same_address() -> None:
    address = "ArguAna;Long ones:STS13*2,SciFact"
    choices = parse_choices(address)
    assert choices == [Choice("ArguAna"), Choice("STS13", 2, "Long ones"), Choice("SciFact", 1, "Long ones")]
    assert choices_text(choices) == address


@pytest.mark.parametrize(
    "address", ["a b", "STS13*0", "STS13*101", "STS13*", "*", ",".join(f"T{i}" for i in range(401))]
)
def test_an_address_that_is_no_board_says_why(address: str) -> None:
    with pytest.raises(UnreadableBoard):
        parse_choices(address)


def test_an_own_board_ranks_the_chosen_tasks(client: Client) -> None:
    three_tasks()
    page = text(client, "/boards/own/?tasks=STS13,ArguAna,SciFact&title=Mine")
    assert "<h1>Mine</h1>" in page
    assert page.index("org/first") < page.index("org/second")
    assert "60.00" in page


def test_weights_count_a_task_several_times(client: Client) -> None:
    three_tasks()
    page = text(client, "/boards/own/?tasks=STS13,ArguAna,SciFact*3&title=Mine")
    assert page.index("org/second") < page.index("org/first")
    assert f"{(0.7 + 0.5 + 3 * 0.9) / 5 * 100:.2f}" in page


def test_groups_are_columns_with_their_own_means(client: Client) -> None:
    three_tasks()
    page = text(client, "/boards/own/?tasks=SciFact;Short:STS13,ArguAna")
    assert "Short" in page
    assert f"{(0.8 + 0.6) / 2 * 100:.2f}" in page


def test_an_own_board_with_an_unknown_task_says_so(client: Client) -> None:
    assert "There is no task Nope" in text(client, "/boards/own/?tasks=Nope", status=400)


def test_the_builder_keeps_each_step_in_its_address(client: Client) -> None:
    three_tasks()
    added = client.get(
        "/boards/new/", {"tasks": "STS13", "add": ["SciFact"], "weight-STS13": "2", "group-STS13": "Short"}
    )
    assert added["Location"] == "/boards/new/?tasks=SciFact;Short:STS13*2"
    assert "STS13" in text(client, added["Location"])
    opened = client.get("/boards/new/", {"tasks": "STS13,SciFact", "remove": "STS13", "open": "1", "title": "Mine"})
    assert opened["Location"] == "/boards/own/?title=Mine&tasks=SciFact"


def test_the_builder_starts_from_a_benchmark(client: Client) -> None:
    make_benchmark("MTEB(tiny, v1)", [make_task("A"), make_task("B")], slug="tiny")
    assert client.get("/boards/new/?from=tiny")["Location"] == "/boards/new/?tasks=A,B"


def test_only_pages_of_this_site_can_be_saved() -> None:
    assert is_view("/boards/own/?tasks=STS13")
    assert is_view("/benchmarks/x/?type=STS")
    for address in (
        "//evil.example/",
        "https://evil.example/",
        "/admin/",
        "/accounts/logout/",
        "benchmarks/x/",
        "/v/abc/",
    ):
        assert not is_view(address)


def test_a_saved_view_opens_for_everybody_under_its_short_address(client: Client) -> None:
    owner = User.objects.create_user("ada")
    client.force_login(owner)
    client.post(reverse("save_view"), {"name": "Small ones", "address": "/benchmarks/x/?size=..1B"})
    view = SavedView.objects.get()
    assert view.slug in text(client, reverse("saved_views"))
    assert Client().get(view.get_absolute_url())["Location"] == "/benchmarks/x/?size=..1B"


def test_a_view_of_somebody_else_cannot_be_deleted(client: Client) -> None:
    view = save_view(owner=User.objects.create_user("ada"), name="Hers", address="/benchmarks/x/")
    client.force_login(User.objects.create_user("bob"))
    assert client.post(reverse("delete_view", args=[view.slug])).status_code == 404
    assert SavedView.objects.filter(pk=view.pk).exists()


def test_saving_asks_strangers_to_sign_in(client: Client) -> None:
    assert client.post(reverse("save_view"), {"name": "x", "address": "/benchmarks/x/"})["Location"].startswith(
        "/accounts/login/"
    )


def test_a_moderator_publishes_a_readers_board_from_the_admin(client: Client) -> None:
    three_tasks()
    view = save_view(
        owner=User.objects.create_user("ada"),
        name="Short texts",
        address="/boards/own/?tasks=STS13*2;Long:SciFact,ArguAna",
    )
    moderator = User.objects.create_user("max", is_staff=True)
    allowed = ["view_savedview", "change_savedview", "add_benchmark"]
    moderator.user_permissions.set(Permission.objects.filter(codename__in=allowed))
    client.force_login(moderator)
    client.post("/admin/leaderboard/savedview/", {"action": "publish", "_selected_action": [view.pk]})
    benchmark = Benchmark.objects.get(name="Short texts")
    assert list(benchmark.benchmark_tasks.order_by("position").values_list("task__name", "weight")) == [
        ("STS13", 2),
        ("SciFact", 1),
        ("ArguAna", 1),
    ]
    assert BoardRow.objects.filter(board__benchmark=benchmark, board__scope="all").count() == 2
    assert "Long" in text(Client(), "/benchmarks/short-texts/")


def test_a_view_that_is_no_own_board_cannot_be_published() -> None:
    view = save_view(owner=User.objects.create_user("ada"), name="x", address="/benchmarks/x/")
    with pytest.raises(UnusableView):
        publish_view(view=view)
