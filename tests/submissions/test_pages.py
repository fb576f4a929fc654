"""The pages of submissions, through the client: a stranger, the submitter, somebody else, a moderator."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from leaderboard.models import Origin
from submissions.models import Submission
from submissions.services import submissions as services
from tests.factories import make_benchmark, make_board, make_model, make_row, make_task
from tests.factories_submissions import COMMIT, make_moderator, make_submission, make_user, model_files, write_files
from tests.submissions.conftest import StartHub

pytestmark = pytest.mark.django_db

SUBMIT = "/submit/"


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def text_of(response: Any) -> str:
    text: str = response.content.decode()
    return text


@pytest.mark.parametrize("name", ["submit", "submissions"])
def test_strangers_are_asked_to_sign_in(client: Client, name: str) -> None:
    assert client.get(reverse(name))["Location"].startswith("/accounts/login/?next=/sub")


def test_the_form_offers_boards_by_their_place_in_the_menu_and_chooses_our_own(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    make_benchmark("Official", [make_task()], menu_path=["General", "English"])
    make_benchmark("Starter", [make_task(), make_task()], origin=Origin.CUSTOM, menu_path=["Custom"])
    make_benchmark("Unlisted", [make_task()], menu_path=[])
    make_benchmark("Closed", [make_task(is_public=False)])
    client = signed_in(make_user())
    # Session, user, two of permissions, the default board, the boards, the quota and what counts against it, the
    # organisations, the announcements.
    with django_assert_num_queries(11):
        page = text_of(client.get(SUBMIT))
    assert page.index("Starter (2 tasks)") < page.index("General / English") < page.index("In no menu")
    assert "Closed" not in page
    assert page.count(" checked>") == 2  # A board, and that nothing is said of training data.
    assert "Folder on this server" not in page


def test_a_link_to_the_form_fills_it_in() -> None:
    make_benchmark("Official", [make_task()])
    page = text_of(signed_in(make_user()).get(f"{SUBMIT}?model=example/model&revision=v2&board=official&task=STS13"))
    assert 'value="example/model"' in page
    assert 'value="v2"' in page
    assert page.count(" checked>") == 2  # A board, and that nothing is said of training data.
    assert "STS13</textarea>" in page


def test_a_link_to_the_form_names_the_tasks_that_a_board_lacks_of_a_model() -> None:
    done, missing, closed = make_task("Done"), make_task("Missing"), make_task("Closed", is_public=False)
    board = make_board(make_benchmark("Official", [done, missing, closed]))
    make_row(board, make_model("example/model"), [0.5, None])
    client = signed_in(make_user())
    page = text_of(client.get(f"{SUBMIT}?model=example/model&missing=official&tasks=STS13,%00STS14"))
    assert "STS13\nSTS14\nMissing</textarea>" in page
    page = text_of(client.get(f"{SUBMIT}?model=example/new&missing=official&missing=nowhere"))
    assert "Done\nMissing</textarea>" in page


def test_a_submission_leads_to_its_page(hub: str) -> None:
    board, task, user = make_benchmark("Board", [make_task()]), make_task("Single"), make_user()
    client = signed_in(user)
    form = {"model_name": "example/model", "benchmarks": [board.pk], "tasks": "Single", "note": "Hello", "submit": "1"}
    response = client.post(SUBMIT, form, follow=True)
    submission = Submission.objects.get()
    assert response.redirect_chain == [(f"/submissions/{submission.pk}/", 302)]
    assert (submission.submitter, submission.model_revision) == (user, COMMIT)
    assert [*submission.tasks.all()] == [task]
    page = text_of(response)
    for words in ("Submitted.", "waiting for a decision", COMMIT, "Apache-2.0", "1_Pooling/config.json", "Hello"):
        assert words in page


def test_only_checking_saves_nothing(hub: str) -> None:
    task = make_task()
    response = signed_in(make_user()).post(SUBMIT, {"model_name": "example/model", "tasks": task.name, "check": "1"})
    page = text_of(response)
    assert "This can be submitted" in page
    assert "The weights are safetensors." in page
    assert "Embedding dimension" in page
    assert not Submission.objects.exists()


def test_a_refused_submission_keeps_everything_that_was_typed(start_hub: StartHub) -> None:
    start_hub({"example/model": model_files(**{"model.safetensors": None, "pytorch_model.bin": b"x"})})
    board, task = make_benchmark("Board", [make_task()]), make_task("Single")
    form = {
        "model_name": "example/model",
        "revision": "main",
        "benchmarks": [board.pk],
        "tasks": task.name,
        "note": "A long note <b>",
    }
    response = signed_in(make_user()).post(SUBMIT, form)
    page = text_of(response)
    assert response.status_code == 200
    assert "something has to be corrected" in page
    assert response.context["form"].errors["model_name"][0].startswith("The weights are pickle files")
    for kept in ('value="example/model"', 'value="main"', " checked>", "Single</textarea>", "A long note &lt;b&gt;"):
        assert kept in page
    assert 'aria-invalid="true"' in page
    assert not Submission.objects.exists()


@pytest.mark.parametrize(
    ("form", "field", "words"),
    [
        ({"model_name": ""}, "model_name", "required"),
        ({"model_name": "example/nothing"}, "model_name", "no public model"),
        ({"model_name": "example/model", "revision": "v9"}, "revision", "no revision"),
        ({"model_name": "example/model", "tasks": ""}, "benchmarks", "Choose at least one"),
        ({"model_name": "example/model", "tasks": "Singel"}, "tasks", "Did you mean Single?"),
        ({"model_name": "example/model", "benchmarks": [10**6]}, "benchmarks", "not one of the available choices"),
    ],
)
def test_each_problem_stands_at_its_field(hub: str, form: dict[str, Any], field: str, words: str) -> None:
    make_task("Single")
    response = signed_in(make_user()).post(SUBMIT, {"tasks": "Single"} | form)
    assert words in " ".join(response.context["form"].errors[field])
    assert f'id="id_{field}_error"' in text_of(response)


@pytest.mark.parametrize(
    ("given", "revision"),
    [
        ("https://huggingface.co/example/model", ""),
        (f"https://huggingface.co/example/model/tree/{COMMIT}", COMMIT),
        ("https://huggingface.co/example/model?library=x", ""),
        ("  example/model ", ""),
    ],
)
def test_the_address_of_a_model_is_as_good_as_its_name(hub: str, given: str, revision: str) -> None:
    task = make_task()
    signed_in(make_user()).post(SUBMIT, {"model_name": given, "tasks": task.name})
    submission = Submission.objects.get()
    assert (submission.model_name, submission.requested_revision) == ("example/model", revision)


def test_only_the_staff_submits_folders(tmp_path: Any) -> None:
    folder, task = write_files(tmp_path / "model", model_files()), make_task()
    form = {"model_name": "house/model", "local_path": str(folder), "tasks": task.name}
    client = signed_in(make_moderator())
    assert "Folder on this server" in text_of(client.get(SUBMIT))
    client.post(SUBMIT, form)
    assert Submission.objects.get().local_path == str(folder)
    missing = client.post(SUBMIT, form | {"local_path": "/no/such/folder"})
    assert "There is no folder" in missing.context["form"].errors["local_path"][0]


def test_a_folder_named_by_somebody_else_is_never_read(tmp_path: Any, unreachable_hub: None) -> None:
    folder, task = write_files(tmp_path / "model", model_files()), make_task()
    form = {"model_name": "house/model", "local_path": str(folder), "tasks": task.name}
    response = signed_in(make_user()).post(SUBMIT, form)
    assert "cannot be reached" in response.context["form"].errors["model_name"][0]


@pytest.mark.parametrize(
    ("who", "sees", "withdraws"),
    [("stranger", 302, 302), ("submitter", 200, 302), ("other", 404, 404), ("moderator", 200, 404)],
)
def test_who_may_see_and_withdraw_a_submission(who: str, sees: int, withdraws: int) -> None:
    submitter = make_user()
    submission = make_submission(submitter)
    people = {"submitter": lambda: submitter, "other": make_user, "moderator": make_moderator}
    client = signed_in(people[who]()) if who in people else Client()
    assert client.get(submission.get_absolute_url()).status_code == sees
    assert client.post(f"/submissions/{submission.pk}/withdraw/").status_code == withdraws
    submission.refresh_from_db()
    assert submission.state == ("withdrawn" if who == "submitter" else "pending")


def test_everybody_lists_their_own_and_moderators_list_all(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    ada, bob = make_user("ada"), make_user("bob")
    board = make_benchmark("Board", [make_task()])
    for user in (ada, ada, bob):
        make_submission(user, benchmarks=[board], model_name=f"{user}/model")
    own = signed_in(bob)
    # Session, user, two of permissions, number, page, boards, watches, announcements.
    with django_assert_num_queries(9):
        page = text_of(own.get("/submissions/"))
    assert "bob/model" in page
    assert "ada/model" not in page
    assert "Submitter" not in page
    everything = text_of(signed_in(make_moderator()).get("/submissions/"))
    assert everything.count("ada/model") == 2
    assert "Submitter" in everything


def test_the_list_goes_on_over_pages() -> None:
    user = make_user()
    for _ in range(51):
        make_submission(user)
    client = signed_in(user)
    assert "Page 1 of 2" in text_of(client.get("/submissions/"))
    assert "Page 2 of 2" in text_of(client.get("/submissions/?page=2"))


def test_the_page_of_an_approved_submission_follows_the_run(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    user = make_user()
    tasks = [make_task() for _ in range(12)]
    submission = make_submission(user, tasks=tasks)
    services.approve(submission=submission, decided_by=make_moderator())
    client = signed_in(user)
    with django_assert_num_queries(24):
        page = text_of(client.get(submission.get_absolute_url()))
    assert 'place 1 in the <a href="/queue/">queue</a>' in page
    assert "No worker is running" in page
    assert 'hx-trigger="every 3s"' in page
    assert '<noscript><meta http-equiv="refresh" content="5"></noscript>' in page
    assert "vendor/htmx.js" in page
    part = client.get(submission.get_absolute_url(), headers={"HX-Request": "true"})
    assert text_of(part).lstrip().startswith('<section id="status"')
    assert "<html" not in text_of(part)
    assert "HX-Request" in part["Vary"]


def test_the_way_to_withdraw_goes_away_with_the_possibility() -> None:
    user = make_user()
    submission = make_submission(user)
    client = signed_in(user)
    part = {"HX-Request": "true"}
    assert "Withdraw this submission" in text_of(client.get(submission.get_absolute_url()))
    assert "hx-swap-oob" not in text_of(client.get(submission.get_absolute_url(), headers=part))
    services.reject(submission=submission, decided_by=make_moderator(), reason="No.")
    assert '<div id="withdraw" hx-swap-oob="true"></div>' in text_of(
        client.get(submission.get_absolute_url(), headers=part)
    )


def test_a_page_that_will_not_change_does_not_ask_again() -> None:
    user = make_user()
    submission = make_submission(user)
    services.reject(submission=submission, decided_by=make_moderator(), reason="The card <names> no data.")
    page = text_of(signed_in(user).get(submission.get_absolute_url()))
    assert "The card &lt;names&gt; no data." in page
    assert "hx-get" not in page
    assert "refresh" not in page
    assert "Withdraw" not in page
    assert f"/submit/?from={submission.pk}" in page


def test_withdrawing_late_is_explained() -> None:
    user = make_user()
    submission = make_submission(user)
    services.reject(submission=submission, decided_by=make_moderator(), reason="No.")
    response = signed_in(user).post(f"/submissions/{submission.pk}/withdraw/", follow=True)
    assert "cannot be withdrawn any more: it is rejected." in text_of(response)


def test_pages_hold_no_inline_script_or_style() -> None:
    user = make_user()
    submission = make_submission(user, tasks=[make_task()])
    services.approve(submission=submission, decided_by=make_moderator())
    client = signed_in(user)
    for address in (SUBMIT, "/submissions/", submission.get_absolute_url()):
        page = text_of(client.get(address))
        assert "style=" not in page
        assert "<style" not in page
        assert "<script>" not in page
        assert "onclick" not in page
