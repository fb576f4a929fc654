"""The search: what it finds, what it forgives, and what a missing page suggests."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from leaderboard.models import Language, ModelMeta, Script
from leaderboard.search_terms import BEGINS, EQUAL, WITHIN, WORDS_BEGIN, cleaned, corrected, nearness, terms, words_of
from leaderboard.selectors.search import By, Found, search
from leaderboard.services.languages import publish_languages
from tests.factories import make_benchmark, make_model, make_result, make_task

NAMES = [
    "sentence-transformers/all-MiniLM-L6-v2",
    "ArguAnaRetrieval",
    "MTEB(eng, v2)",
    "c++_Code#1",
    "Norwegian Bokmål",
    "-- odd --",
]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("org/MiniLM-L6", "org minilm l6 org mini lm l6"),
        ("BAAI/bge-m3", "baai bge m3"),
        ("MTEB(eng, v2)", "mteb eng v2"),
    ],
)
def test_a_name_is_cut_into_words_with_humps_and_without(name: str, words: str) -> None:
    assert words_of(name) == words


@pytest.mark.django_db
@pytest.mark.parametrize("name", NAMES)
def test_the_database_cuts_names_as_the_search_does(name: str) -> None:
    make_model(name)
    assert ModelMeta.objects.get(name=name).search_words == words_of(name)


def test_what_was_typed_loses_what_no_name_has() -> None:
    assert cleaned(" a\0b \n c" + "x" * 200) == ("a b c" + "x" * 200)[:100]
    assert terms("Qwen3_embedding, QWEN3") == ["qwen3", "embedding"]


@pytest.mark.parametrize(
    ("name", "typed", "expected"),
    [
        ("intfloat/e5-small", "e5 small", EQUAL),
        ("intfloat/e5-small", "intfloat/e5-small", EQUAL),
        ("intfloat/e5-small", "e5", BEGINS),
        ("intfloat/multilingual-e5-small", "e5 multi", WORDS_BEGIN),
        ("ArguAnaRetrieval", "retrieval", WORDS_BEGIN),
        ("intfloat/multilingual-e5-small", "lingual", WITHIN),
    ],
)
def test_the_better_a_name_fits_the_nearer_it_is(name: str, typed: str, expected: int) -> None:
    assert nearness(name, terms(typed)) == expected


def test_a_word_is_corrected_to_the_nearest_known_one() -> None:
    assert corrected("embeding", ["embed", "embedding", "embeddings"]) == "embedding"
    assert corrected("qwen3", ["bge"]) == "qwen3"


def text(client: Client, address: str, status: int = 200) -> str:
    response = client.get(address)
    assert response.status_code == status, address
    return response.content.decode()


@pytest.fixture
def _names(db: None) -> None:
    """Some boards, models, tasks, languages, organisations and types; E5 has more results than its namesake."""
    english = make_task("ArguAnaRetrieval", type="Retrieval", description="Find the best counter-argument.")
    make_task("Banking77Classification", type="Classification", languages=["deu-Latn"], eval_langs=["deu-Latn"])
    make_benchmark("MTEB(eng, v2)", [english], display_name="English")
    make_result(make_model("intfloat/e5-small"), english)
    make_model("someone/e5-small-copy")
    make_model("Qwen/Qwen3-Embedding-8B")
    Language.objects.create(code="eng", name="English", short_code="en", usual_script="Latn")
    Script.objects.create(code="Latn", name="Latin", short_name="Latin")
    publish_languages()


def titles(found: Found) -> dict[str, list[str]]:
    return {group.kind: [hit.title for hit in group.hits] for group in found.groups}


@pytest.mark.usefixtures("_names")
@pytest.mark.parametrize(
    ("typed", "by", "expected"),
    [
        ("e5 small", By.NAME, {"models": ["intfloat/e5-small", "someone/e5-small-copy"]}),
        ("english", By.NAME, {"boards": ["English"], "languages": ["English"]}),
        ("en", By.NAME, {"languages": ["English"]}),
        ("mteb(eng", By.NAME, {"boards": ["English"]}),
        ("retreival", By.CORRECTED, {"tasks": ["ArguAnaRetrieval"], "types": ["Retrieval"]}),
        ("qwen3 embeding", By.CORRECTED, {"models": ["Qwen/Qwen3-Embedding-8B"]}),
        ("intflaot", By.CORRECTED, {"models": ["intfloat/e5-small"], "organisations": ["intfloat"]}),
        ("counter-argument", By.DESCRIPTION, {"tasks": ["ArguAnaRetrieval"]}),
        ("banking99 classification", By.CORRECTED, {"tasks": ["Banking77Classification"]}),
        ("zzzqqq", By.LIKENESS, {}),
        ("%_'\\", By.NAME, {}),
    ],
)
def test_the_search_finds_names_and_forgives_mistakes(typed: str, by: By, expected: dict[str, list[str]]) -> None:
    found = search(typed, limit=5)
    assert found.by is by
    shown = titles(found)
    assert {kind: shown.get(kind) for kind in expected} == expected
    assert bool(shown) == bool(expected)


@pytest.mark.usefixtures("_names")
def test_one_word_that_nothing_has_does_not_hide_what_the_others_find() -> None:
    assert titles(search("qwen3 xylophone embedding", limit=5)) == {"models": ["Qwen/Qwen3-Embedding-8B"]}


@pytest.mark.usefixtures("_names")
def test_a_model_that_has_just_arrived_is_found_at_once() -> None:
    search("anything", limit=1)
    make_model("new/arrival")
    assert titles(search("arrival", limit=1)) == {"models": ["new/arrival"]}


@pytest.mark.usefixtures("_names")
def test_the_search_page_groups_counts_and_narrows(client: Client) -> None:
    page = text(client, "/search/?q=e5")
    assert 'href="/models/intfloat/e5-small/"' in page
    assert "2 results" in page
    assert 'href="/models/intfloat/e5-small/"' in text(client, "/search/?q=e5&in=models")
    assert "Nothing is called “retreival”" in text(client, "/search/?q=retreival")
    assert "Nothing found" in text(client, "/search/?q=%00zzz%27%25")
    assert "Nothing found" not in text(client, "/search/?in=%00&q=")


@pytest.mark.usefixtures("_names")
def test_suggestions_are_the_first_hits_as_data(client: Client) -> None:
    answer = client.get("/search/suggestions.json?q=retreival").json()
    assert answer["corrected"] == "retrieval"
    assert [group["label"] for group in answer["groups"]] == ["Task types", "Tasks"]
    assert answer["groups"][1] == {
        "label": "Tasks",
        "total": 1,
        "hits": [{"title": "ArguAnaRetrieval", "note": "Retrieval", "address": "/tasks/ArguAnaRetrieval/"}],
    }
    assert client.get("/search/suggestions.json").json() == {"total": 0, "corrected": None, "groups": []}


@pytest.mark.usefixtures("_names")
def test_a_search_asks_the_database_little(
    client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client.get("/search/?q=warm")
    with django_assert_max_num_queries(6):
        client.get("/search/?q=e5")


@pytest.mark.usefixtures("_names")
@pytest.mark.parametrize(
    ("address", "said", "suggested"),
    [
        ("/models/intfloat/e5-smal/", "There is no model called “intfloat/e5-smal”", "/models/intfloat/e5-small/"),
        ("/tasks/Banking/", "There is no task called “Banking”", "/tasks/Banking77Classification/"),
        ("/benchmarks/mteb-eng-v3/", "There is no board called", "/benchmarks/mtebeng-v2/"),
        ("/Qwen3-Embedding", "There is no such page", "/models/Qwen/Qwen3-Embedding-8B/"),
        ("/languages/nowhere/", "There is no language called", ""),
        ("/models/%00/", "There is no such page", ""),
        (f"/{'x' * 900}/", "There is no such page", ""),
        ("/%F0%9F%A6%84%FF/", "There is no such page", ""),
    ],
)
def test_a_missing_page_says_what_may_have_been_meant(client: Client, address: str, said: str, suggested: str) -> None:
    page = text(client, address, status=404)
    assert said in page
    assert ("Did you mean" in page) == bool(suggested)
    assert suggested in page


def test_a_missing_page_is_plain_text_while_the_database_is_away(db: None, client: Client) -> None:
    make_model()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE leaderboard_modelmeta RENAME TO lost")
    response = client.get("/nowhere/")
    assert (response.status_code, response.headers["Content-Type"]) == (404, "text/plain; charset=utf-8")
