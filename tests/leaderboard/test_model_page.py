"""The page of a model, whole, through the client."""

import re
from datetime import UTC, datetime
from html import unescape

import pytest
import yaml
from django.core.cache import caches
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from leaderboard.lineage import family
from leaderboard.models import ModelMeta, Scope, SourceKind
from leaderboard.selectors import model_metas
from leaderboard.selectors.model_metas import Lack
from leaderboard.strengths import Verdict, type_strengths
from leaderboard.tables.cells import DASH
from leaderboard.tables.model_metas import duration_text, ordinal, strength_sentences
from tests.factories import make_benchmark, make_board, make_model, make_result, make_row, make_task, make_variant

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh_cache() -> None:
    caches["process"].clear()


def page_of(client: Client, address: str, status: int = 200) -> str:
    """The page as text: tags taken out, spaces run together."""
    response = client.get(address)
    assert response.status_code == status, address
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", response.content.decode().replace("<wbr>", ""))).split())


def html_of(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200, address
    return response.content.decode()


def ranked_model() -> ModelMeta:
    """First of two on an STS task, last on one of retrieval, and second of three on a board."""
    sts, retrieval = make_task("STS13"), make_task("NFCorpus", type="Retrieval")
    model_meta, other = make_model("org/model"), make_model("org/other")
    make_result(model_meta, sts, 0.9)
    make_result(other, sts, 0.5)
    make_result(model_meta, retrieval, 0.3)
    make_result(other, retrieval, 0.4)
    board = make_board(make_benchmark("MTEB(tiny, v1)", [sts, retrieval], display_name="Tiny"))
    make_row(board, other, [0.5, 0.4], percentile=100.0)
    make_row(board, model_meta, [0.9, 0.3], percentile=50.0, rank_low=1, rank_high=3)
    make_row(board)
    return model_meta


def test_the_page_says_where_the_model_stands(client: Client) -> None:
    ranked_model()
    page = page_of(client, "/models/org/model/")
    assert f"Tiny MTEB(tiny, v1) 2 of 3 1{DASH}3 50 60.00 2/2 NA" in page


def test_results_say_percentile_rank_and_provenance(client: Client) -> None:
    ranked_model()
    page = page_of(client, "/models/org/model/")
    assert "NFCorpus 30.00 0 2 of 2 1 11111111 aaaaaaaa 2.26.24 2026-05-04 official" in page
    assert "STS13 90.00 100 1 of 2" in page


def test_an_incomplete_result_is_not_compared_and_says_so(client: Client) -> None:
    task = make_task(hf_subsets=["en", "de"])
    make_result(make_model("org/whole"), task, {"test": {"en": 0.1, "de": 0.2}})
    make_result(make_model("org/part"), task, 0.9)
    page = html_of(client, "/models/org/part/")
    assert "not ranked: cells are missing" in page
    assert '<abbr title="incomplete: cells are missing">1/2</abbr>' in page


def test_a_result_on_another_revision_of_the_dataset_is_stale(client: Client) -> None:
    model_meta = make_model("org/model")
    make_result(model_meta, make_task(), dataset_revision="b" * 40)
    assert "made on another revision of the dataset" in page_of(client, "/models/org/model/")


def test_contaminated_results_are_marked_and_counted(client: Client) -> None:
    model_meta = make_model("org/model", training_datasets=["STS13", "Elsewhere"], contaminated_tasks=["STS13"])
    make_result(model_meta, make_task("STS13"))
    make_result(model_meta, make_task("STS14"))
    page = page_of(client, "/models/org/model/")
    assert "50.00 ‡" in page
    assert "saw the data of 1 of the 2 results above" in page
    html = html_of(client, "/models/org/model/")
    assert 'href="/tasks/STS13/">STS13' in html
    assert 'href="/tasks/Elsewhere/"' not in html


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["NFCorpus", "STS13"]),
        ("?sort=-score", ["STS13", "NFCorpus"]),
        ("?sort=percentile", ["NFCorpus", "STS13"]),
        ("?sort=-date", ["NFCorpus", "STS13"]),
        ("?sort=nothing&per_page=7&page=x&type=zzz&missing=%00", ["NFCorpus", "STS13"]),
        ("?type=STS", ["STS13"]),
        ("?q=corpus", ["NFCorpus"]),
        ("?q=%00nf++CORPUS", ["NFCorpus"]),
        ("?type=STS&q=corpus", []),
    ],
)
def test_results_are_sorted_and_searched_by_the_address(client: Client, query: str, expected: list[str]) -> None:
    ranked_model()
    page = html_of(client, f"/models/org/model/{query}")
    table = page[page.index('id="results"') : page.index('id="missing"')]
    found = re.findall(r'<th scope="row"><a href="/tasks/(\w+)/', table)
    assert found == expected
    assert ("No result matches" in page) is (not expected)


def test_many_results_have_pages_and_all_of_them_on_request(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    model_meta = make_model("org/model")
    for number in range(101):
        make_result(model_meta, make_task(f"Task{number:03}"))
    assert f"1{DASH}100 of 101" in page_of(client, "/models/org/model/")
    assert "STS 101 tasks Task100" in page_of(client, "/models/org/model/?page=2")
    with django_assert_num_queries(N_QUERIES):
        assert f"1{DASH}101 of 101" in page_of(client, "/models/org/model/?per_page=all")


N_QUERIES = 24


def test_a_board_names_its_missing_tasks_and_a_run_of_them_can_be_requested(client: Client) -> None:
    done, part, missing = make_task("Done"), make_task("Part"), make_task("Missing")
    closed = make_task("Closed", is_public=False)
    benchmark = make_benchmark("Tiny", [done, part, missing, closed])
    model_meta = make_model("org/model", registry_revision="1" * 40)
    make_row(make_board(benchmark), model_meta, [0.5])
    make_result(model_meta, part)

    gaps = model_metas.missing_tasks(model_meta, benchmark)
    assert [(gap.task.name, gap.lack, gap.can_be_run) for gap in gaps] == [
        ("Part", Lack.PARTIAL, True),
        ("Missing", Lack.NOT_RUN, True),
        ("Closed", Lack.NOT_RUN, False),
    ]
    page = html_of(client, "/models/org/model/?missing=tiny")
    wish = f"/submit/?model=org%2Fmodel&amp;revision={'1' * 40}"
    assert f'href="{wish}&amp;missing=tiny">Request a run of 2</a>' in page
    assert f'href="{wish}&amp;task=Part"' in page
    assert "task=Closed" not in page


def test_of_a_closed_model_no_run_can_be_requested(client: Client) -> None:
    make_model("org/model", open_weights=False)
    make_benchmark("Tiny", [make_task()])
    page = page_of(client, "/models/org/model/?missing=tiny")
    assert "not on the Hub" in page
    assert "Request a run" not in page


def test_a_model_is_summed_up_in_a_sentence_of_what_is_known(client: Client) -> None:
    make_model(
        "org/model",
        n_parameters=8_030_000_000,
        open_weights=None,
        embed_dim=4096,
        max_tokens=8192,
        languages=["eng-Latn", "deu-Latn", "fra-Latn"],
        license="apache-2.0",
        release_date=datetime(2026, 2, 3, tzinfo=UTC),
    )
    sentence = "An 8B-parameter embedding model for 3 languages with 4,096 dimensions and up to 8,192 tokens"
    assert f"{sentence}, released February 2026, licence apache-2.0." in page_of(client, "/models/org/model/")


def test_a_model_of_which_nothing_is_known_says_unknown(client: Client) -> None:
    make_model("org/bare")
    page = page_of(client, "/models/org/bare/")
    assert page.count("unknown") > 8
    assert "An embedding model of which nothing more is known here." in page
    for state in ("The training data is not disclosed", "On no board yet", "No results yet", "Nothing is known yet"):
        assert state in page


def test_a_model_without_an_organisation_has_a_page(client: Client) -> None:
    make_model("bm25s")
    assert "bm25s" in page_of(client, "/models/bm25s/")


def test_the_family_of_a_model_is_a_tree_of_links(client: Client) -> None:
    make_model("org/base")
    make_model("org/model", adapted_from="org/base", superseded_by="org/new")
    make_model("org/child", adapted_from="org/model")
    make_model("org/older", superseded_by="org/model")
    page = html_of(client, "/models/org/model/")
    for name in ("base", "child", "older"):
        assert f'href="/models/org/{name}/"' in page
    assert 'href="/models/org/new/"' not in page
    assert "There is a newer version: org/new" in page_of(client, "/models/org/model/")


def test_a_circle_of_adaptations_ends() -> None:
    line = family("b", [("a", "b"), ("b", "c"), ("c", "a"), ("d", "b")])
    assert line.names() == ["a", "c", "b", "a", "c", "d"]


def test_variants_have_rows_of_their_own_and_do_not_count_twice_in_strengths() -> None:
    task = make_task()
    model_meta = make_model()
    make_result(model_meta, task, 0.9)
    make_result(model_meta, task, 0.1, variant=make_variant(model_meta, "dim_64"))

    scores = model_metas.model_scores(model_meta, Scope.ALL)

    assert [(score.experiment_id, score.percentile) for score in scores] == [("", 100.0), ("dim_64", 0.0)]
    assert [(one.n_tasks, one.median) for one in model_metas.strengths(scores)] == [(1, 100.0)]


def test_types_are_judged_by_the_median_from_three_tasks_on() -> None:
    found = type_strengths(
        [
            *(("STS", percentile) for percentile in (75, 75, 20, None)),
            *(("Retrieval", percentile) for percentile in (25, 99, 0)),
            *(("Clustering", percentile) for percentile in (26, 50, 40, 12)),
            *(("Reranking", percentile) for percentile in (100, 100)),
            ("Unknown", 1.0),
            ("Summarization", None),
        ]
    )
    assert [(one.task_type, one.n_tasks, one.verdict) for one in found] == [
        ("STS", 3, Verdict.STRONG),
        ("Clustering", 4, Verdict.TYPICAL),
        ("Retrieval", 3, Verdict.WEAK),
        ("Reranking", 2, Verdict.UNCERTAIN),
    ]
    assert strength_sentences(found) == [
        ("Strong at", "STS (75th percentile over 3 tasks)"),
        ("Typical at", "Clustering (33rd percentile over 4 tasks)"),
        ("Weak at", "Retrieval (25th percentile over 3 tasks)"),
        ("Too few tasks to say", "Reranking (100th percentile over 2 tasks)"),
    ]


@pytest.mark.parametrize(
    ("number", "text"), [(1, "1st"), (2.4, "2nd"), (93, "93rd"), (11, "11th"), (12, "12th"), (100, "100th"), (0, "0th")]
)
def test_ordinals_read_as_spoken(number: float, text: str) -> None:
    assert ordinal(number) == text


@pytest.mark.parametrize(("seconds", "text"), [(3725, "1 h 2 min"), (61.6, "1 min 2 s"), (0.2, "0 s")])
def test_durations_read_as_spoken(seconds: float, text: str) -> None:
    assert duration_text(seconds) == text


def test_what_evaluations_here_took_is_summed_up(client: Client) -> None:
    model_meta = make_model("org/model")
    make_result(model_meta, make_task(), kind=SourceKind.RUN, evaluation_time=100.0, kg_co2_emissions=0.25)
    make_result(model_meta, make_task(), evaluation_time=9999.0)
    assert "Evaluated here Results 1 Time 1 min 40 s CO₂ 0.250 kg" in page_of(client, "/models/org/model/")


def test_the_badge_says_the_rank_on_a_board(client: Client) -> None:
    ranked_model()
    make_benchmark("Other")
    response = client.get("/models/org/model/badge.svg?benchmark=mtebtiny-v1")
    assert response["Content-Type"] == "image/svg+xml"
    assert "max-age=3600" in response["Cache-Control"]
    assert "<title>MTEB(tiny, v1): #2 of 3</title>" in response.content.decode()
    assert client.get("/models/org/model/badge.svg").content == response.content
    assert "Other: not ranked" in html_of(client, "/models/org/model/badge.svg?benchmark=other")
    for address in ("org/model/badge.svg?benchmark=nowhere", "org/model/badge.svg?benchmark=%00", "org/no/badge.svg"):
        assert client.get(f"/models/{address}").status_code == 404


def test_the_page_offers_what_to_cite_and_paste(client: Client) -> None:
    ranked_model()
    page = page_of(client, "/models/org/model/")
    assert "@misc{podium-org-model-" in page
    assert "http://testserver/models/org/model/badge.svg?benchmark=mtebtiny-v1" in page
    assert "mteb.get_benchmark('MTEB(tiny, v1)')" in page


def test_the_results_on_screen_can_be_taken_along(client: Client) -> None:
    ranked_model()
    response = client.get("/models/org/model/?format=csv&sort=-score")
    lines = b"".join(response.streaming_content).decode().splitlines()  # type: ignore[attr-defined]
    assert [line.split(",")[1].strip('"') for line in lines if "," in line][1:] == ["STS13", "NFCorpus"]


def test_complete_scores_can_be_shown_on_the_hub(client: Client) -> None:
    model_meta = ranked_model()
    halves = make_task(hf_subsets=["en", "de"])
    make_result(model_meta, halves, 0.5)
    make_result(make_model(), halves, {"test": {"en": 0.1, "de": 0.2}})
    make_result(model_meta, make_task(dataset_path=""), 0.5)
    entries = yaml.safe_load(html_of(client, "/models/org/model/eval_results.yaml"))
    assert entries[1] == {
        "dataset": {"id": "example/STS13", "task_id": "STS13", "revision": "a" * 40},
        "value": 90.0,
        "date": "2026-05-04",
        "source": {"url": "http://testserver/models/org/model/", "name": "Podium"},
        "notes": f"mteb 2.26.24, model revision {'1' * 40}",
    }
    assert len(entries) == 2
