"""The public pages, whole, through the client."""

import json
import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.cache import caches
from django.db import connection
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from leaderboard import memory
from leaderboard.models import Board, ImportedFile, ImportRun, Language, ModelMeta, Scope, Script, SourceKind
from leaderboard.tables.cells import DASH
from tests.factories import (
    bump_data_version,
    make_benchmark,
    make_board,
    make_language_row,
    make_model,
    make_result,
    make_row,
    make_source,
    make_task,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh_cache() -> None:
    caches["process"].clear()


def small_board(**fields: Any) -> Board:
    """Three models on two tasks; the last one is incomplete."""
    tasks = [make_task("STS13"), make_task("Banking77Classification", type="Classification")]
    board = make_board(make_benchmark("MTEB(tiny, v1)", tasks, display_name="Tiny"), **fields)
    first = make_model("org/first", n_parameters=33_000_000, embed_dim=384)
    make_row(board, first, [0.9, 0.5], zero_shot=100, origins=[SourceKind.OFFICIAL], type_means=[0.9, 0.5])
    make_row(board, make_model("org/second"), [0.7, 0.8], zero_shot=50, origins=[SourceKind.RUN])
    make_row(board, make_model("org/third"), [0.1, None], origins=[SourceKind.UPLOAD])
    return board


def text(client: Client, address: str, status: int = 200) -> str:
    response = client.get(address)
    assert response.status_code == status, address
    return response.content.decode()


def test_a_browser_that_asks_for_the_icon_by_its_old_name_gets_it(client: Client) -> None:
    assert client.get("/favicon.ico").headers["Location"].endswith("img/logo.svg")


def order(page: str, *names: str) -> list[str]:
    """The names in the order in which their links stand on the page."""
    return sorted(names, key=lambda name: page.index(f'href="/models/org/{name}/'))


def test_the_home_page_groups_boards_and_says_how_large_they_are(client: Client) -> None:
    small_board()
    page = text(client, "/")
    assert "3 models · 2 tasks" in page
    assert 'href="/benchmarks/mtebtiny-v1/"' in page


def test_a_board_without_results_says_which_command_brings_them(client: Client) -> None:
    assert "import_results" in text(client, "/")
    make_benchmark("Empty")
    page = text(client, "/benchmarks/empty/")
    assert "No results yet" in page
    assert "import_results" in page


def test_a_board_says_what_the_reader_is_looking_at(client: Client) -> None:
    small_board()
    page = " ".join(text(client, "/benchmarks/mtebtiny-v1/").split())
    assert "3 models ranked by Borda count over 2 tasks, from official results, uploads and evaluations here." in page


def test_a_summary_shows_scores_coverage_zero_shot_and_where_rows_come_from(client: Client) -> None:
    small_board()
    page = text(client, "/benchmarks/mtebtiny-v1/")
    assert "70.00" in page
    assert "<td>1/2" in page
    assert "<td>50%" in page
    assert ">NA<" in page
    assert 'title="where the numbers come from">evaluated here</a></small>' in page
    assert 'title="where the numbers come from">uploaded</a></small>' in page


def test_the_best_of_a_column_is_bold_and_a_blank_explains_itself(client: Client) -> None:
    board = small_board()
    make_result(ModelMeta.objects.get(name="org/third"), board.benchmark.tasks.get(name="STS13"))
    page = text(client, "/benchmarks/mtebtiny-v1/?view=tasks")
    assert "<strong>90.00</strong>" in page
    assert "<strong>80.00</strong>" in page
    assert '<abbr title="not run">' in page


def test_a_task_with_some_result_is_incomplete_rather_than_not_run(client: Client) -> None:
    board = small_board()
    third = ModelMeta.objects.get(name="org/third")
    make_result(third, board.benchmark.tasks.get(name="Banking77Classification"))
    page = text(client, "/benchmarks/mtebtiny-v1/?view=tasks")
    assert '<abbr title="incomplete">' in page
    assert '<abbr title="not run">' not in page


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["first", "second", "third"]),
        ("?sort=-mean_task", ["second", "first", "third"]),
        ("?sort=mean_task", ["first", "second", "third"]),
        ("?sort=-coverage", ["first", "second", "third"]),
        ("?sort=zero_shot", ["second", "first", "third"]),
        ("?sort=-model", ["third", "second", "first"]),
        ("?view=tasks&sort=-task:Banking77Classification", ["second", "first", "third"]),
        ("?view=tasks&sort=task:STS13", ["third", "second", "first"]),
        ("?sort=-type:STS", ["first", "second", "third"]),
    ],
)
def test_any_column_sorts_with_blanks_last(client: Client, query: str, expected: list[str]) -> None:
    small_board()
    page = text(client, f"/benchmarks/mtebtiny-v1/{query}")
    assert order(page, "first", "second", "third") == expected


@pytest.mark.parametrize(
    "query",
    [
        "sort=zzz",
        "sort=-",
        "sort=",
        "page=x",
        "page=99",
        "page=-1",
        "per_page=7",
        "view=nothing",
        "source=x",
    ],
)
def test_an_address_with_nonsense_shows_the_nearest_sensible_page(client: Client, query: str) -> None:
    small_board()
    page = text(client, f"/benchmarks/mtebtiny-v1/?{query}")
    assert order(page, "first", "second", "third") == ["first", "second", "third"]


def test_the_sorted_column_is_marked_and_its_link_turns_the_order_round(client: Client) -> None:
    small_board()
    page = text(client, "/benchmarks/mtebtiny-v1/?sort=-mean_task")
    assert 'aria-sort="descending"' in page
    assert 'href="?sort=mean_task#sorted"' in page
    assert 'href="?sort=-zero_shot#sorted"' in page


def test_a_long_board_has_pages_and_all_of_it_on_request(client: Client) -> None:
    board = make_board(make_benchmark("Long", [make_task()]))
    for _ in range(60):
        make_row(board, task_scores=[0.5])
    assert f"1{DASH}50 of 60" in text(client, "/benchmarks/long/")
    assert f"51{DASH}60 of 60" in text(client, "/benchmarks/long/?page=2")
    assert f"1{DASH}60 of 60" in text(client, "/benchmarks/long/?per_page=all")


def test_languages_are_a_view_where_the_board_has_them(client: Client) -> None:
    Language.objects.create(code="eng", name="English", usual_script="Latn")
    Script.objects.create(code="Latn", name="Latin", short_name="Latin")
    board = small_board(languages=["eng-Latn", "deu-Latn"])
    make_language_row(board, ModelMeta.objects.get(name="org/second"), [0.75, None])
    page = text(client, "/benchmarks/mtebtiny-v1/?view=languages&sort=-language:deu-Latn")
    assert ">English</a>" in page
    assert "<strong>75.00</strong>" in page
    assert 'class="medal-1">1<' in page


def test_a_board_whose_rows_follow_a_mean_says_so(client: Client) -> None:
    board = make_board(make_benchmark("HUME", [make_task()], aggregations=["mean_subset"]))
    make_row(board, mean_subset=0.5, rank=2)
    page = text(client, "/benchmarks/hume/")
    assert "ranked by Borda count, listed by Mean (Subset)," in page
    assert "aria-sort" not in page


def test_official_results_only_is_a_switch_that_links_keep(client: Client) -> None:
    board = small_board()
    official = make_board(board.benchmark, Scope.OFFICIAL)
    make_row(official, ModelMeta.objects.get(name="org/first"), [0.9, 0.5])
    page = text(client, "/benchmarks/mtebtiny-v1/?source=official")
    assert "org/second" not in page
    assert 'href="/models/org/first/?source=official"' in page


def test_a_board_names_its_successor(client: Client) -> None:
    make_benchmark("New")
    make_benchmark("Old", superseded_by=["New"])
    assert 'href="/benchmarks/new/"' in text(client, "/benchmarks/old/")


def test_a_board_where_no_mean_can_be_says_so(client: Client) -> None:
    board = make_board(make_benchmark("Gaps", [make_task(), make_task()]))
    make_row(board, task_scores=[0.5])
    assert "are blank because no model has complete scores" in text(client, "/benchmarks/gaps/")


def test_a_board_is_read_in_few_queries_however_many_rows_it_has(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    board = small_board()
    for _ in range(30):
        make_row(board, task_scores=[0.5])
    for query, n_queries in (("", 15), ("?view=tasks", 19), ("?view=tasks&per_page=all", 18)):
        memory.forget_everything()
        with django_assert_num_queries(n_queries):
            client.get(f"/benchmarks/mtebtiny-v1/{query}")


def test_a_task_page_describes_the_task_and_ranks_models(client: Client) -> None:
    task = make_task("STS13", description="Pairs of sentences.", license="mit", domains=["News"])
    make_benchmark("B", [task])
    make_result(make_model("org/first"), task, 0.8)
    make_result(make_model("org/second"), task, 0.9)
    page = text(client, "/tasks/STS13/")
    assert order(page, "first", "second") == ["second", "first"]
    for fact in ("Pairs of sentences.", "example/STS13@aaaa", "News", "90.00", "2.26.24", 'href="/benchmarks/b/"'):
        assert fact in page


def test_a_task_page_sorts_by_any_column_with_unknown_last(client: Client) -> None:
    task = make_task("STS13")
    make_result(make_model("org/first"), task, 0.8, mteb_version=None)
    make_result(make_model("org/second"), task, 0.7, mteb_version="1.0.0")
    for sort in ("mteb", "-mteb", "score"):
        assert order(text(client, f"/tasks/STS13/?sort={sort}"), "first", "second") == ["second", "first"]
    assert text(client, "/tasks/STS13/?sort=nothing")


def test_a_task_without_results_and_facts_is_still_a_page(client: Client) -> None:
    make_task("Bare", description="", license=None, dataset_path="", superseded_by="Gone", in_registry=False)
    page = text(client, "/tasks/Bare/")
    assert "No results yet" in page
    assert "superseded by Gone" in page
    assert "unknown" in page
    assert "No benchmark counts this task." in page


def test_all_results_of_a_model_on_a_task_are_reachable_with_their_cells(client: Client) -> None:
    task = make_task("STS13", hf_subsets=["en", "de"])
    model_meta = make_model("org/first", registry_revision="1" * 40)
    make_result(model_meta, task, {"test": {"en": 0.5, "de": None}})
    other = make_result(model_meta, task, {"test": {"en": 0.25}}, revision="2" * 40, current_in=())
    page = text(client, "/results/?model=org/first&task=STS13")
    assert "Counts on every board." in page
    assert "The registry names another revision." in page
    assert "missing in the file" in page
    assert f'href="/results/{other.pk}.json"' in page
    assert "25.00</td></tr>" in text(client, f"/results/?model=org/first&task=STS13&result={other.pk}")


def test_a_result_file_is_served_as_it_was_stored(client: Client) -> None:
    result = make_result(make_model(), make_task("STS13"), 0.5)
    response = client.get(f"/results/{result.pk}.json")
    assert response["Content-Type"] == "application/json"
    assert json.loads(response.content)["task_name"] == "STS13"
    assert client.get("/results/0.json").status_code == 404


def test_names_are_escaped_everywhere(client: Client) -> None:
    evil = "<script>alert(1)</script>"
    task = make_task(f"Task{evil}", description=evil)
    board = make_board(make_benchmark("B", [task], description=evil))
    model_meta = make_model(f"org/{evil}", license=evil)
    make_row(board, model_meta, [0.5], experiment_id=evil)
    make_result(model_meta, task, 0.5, mteb_version=evil)
    addresses = ["/benchmarks/b/", "/benchmarks/b/?view=tasks", "/search/?q=script"]
    for address in [*addresses, model_meta.get_absolute_url(), task.get_absolute_url()]:
        assert "<script>" not in text(client, address)


@pytest.mark.parametrize("address", ["/nowhere/", "/benchmarks/nowhere/", "/tasks/x/", "/models/a/b/", "/results/"])
def test_a_missing_page_points_to_search_and_boards(client: Client, address: str) -> None:
    page = text(client, address, status=404)
    assert 'href="/search/"' in page
    assert "There is no " in page


def test_a_failure_has_a_page_that_needs_no_database(client: Client) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE leaderboard_benchmark RENAME TO lost")
    client.raise_request_exception = False
    assert "The fault is ours" in text(client, "/", status=500)


def test_a_repeated_visit_is_answered_without_the_page_until_data_changes(client: Client) -> None:
    small_board()
    address = "/benchmarks/mtebtiny-v1/"
    tag = client.get(address)["ETag"]
    assert client.get(address, headers={"If-None-Match": tag}).status_code == 304
    assert client.get(f"{address}?view=tasks", headers={"If-None-Match": tag}).status_code == 200
    bump_data_version()
    assert client.get(address, headers={"If-None-Match": tag}).status_code == 200


def test_a_signed_in_visitor_gets_the_page_with_the_sign_out_form(client: Client) -> None:
    tag = client.get("/")["ETag"]
    client.force_login(User.objects.create_user("ada"))
    response = client.get("/", headers={"If-None-Match": tag})
    assert response.status_code == 200
    assert "Sign out" in response.content.decode()
    assert "ETag" not in response.headers


def test_pages_have_no_inline_script_or_style(client: Client) -> None:
    small_board()
    for address in ("/", "/benchmarks/mtebtiny-v1/?view=tasks", "/tasks/STS13/", "/models/org/first/"):
        response = client.get(address)
        assert "default-src 'self'" in response["Content-Security-Policy"]
        page = response.content.decode()
        assert "<style" not in page
        assert " style=" not in page
        assert not re.search(r"<script(?![^>]* src=)", page)


def test_the_admin_lists_skipped_files_with_their_reasons(admin_client: Client) -> None:
    source = make_source()
    run = ImportRun.objects.create(source=source, location="x", importer_version=1, n_skipped=1)
    ImportedFile.objects.create(source=source, path="a/b/C.json", digest=b"1", reason="It is not JSON.")
    assert "It is not JSON." in text(admin_client, "/admin/leaderboard/importedfile/?fate=skipped")
    assert "fate=skipped" in text(admin_client, "/admin/leaderboard/importrun/")
    assert text(admin_client, f"/admin/leaderboard/importrun/{run.pk}/change/")


def test_the_admin_shows_facts_and_changes_none(admin_client: Client) -> None:
    board = small_board()
    result = make_result(make_model(), board.benchmark.tasks.get(name="STS13"))
    for name in ("benchmark", "task", "modelmeta", "modelrevision", "taskresult", "board", "resultsource"):
        page = text(admin_client, f"/admin/leaderboard/{name}/?q=a")
        assert f"/admin/leaderboard/{name}/add/" not in page
    for name, pk in (("taskresult", result.pk), ("benchmark", board.benchmark.pk), ("board", board.pk)):
        assert "deletelink" not in text(admin_client, f"/admin/leaderboard/{name}/{pk}/change/")
