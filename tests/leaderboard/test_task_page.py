"""The page of a task in its views, and the index of tasks, whole, through the client."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from leaderboard.models import Scope, SourceKind, Task, TaskResult
from leaderboard.selectors.tasks import dataset_revisions
from leaderboard.tables.cells import DASH
from tests.factories import make_benchmark, make_board, make_model, make_result, make_row, make_task, make_variant

pytestmark = pytest.mark.django_db

VIEWS = ["results", "subsets", "statistics", "metrics", "data"]


def text(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200, address
    return " ".join(response.content.decode().split())


def rows(page: str) -> dict[str, str]:
    """Model -> the rest of its row in the first table of models, in the order of the table."""
    body = page.partition("<tbody>")[2].partition("</tbody>")[0]
    found = re.findall(r'href="/models/org/([\w-]+)/[^"]*">.*?</th>(.*?)(?=<tr>|$)', body)
    return dict(found)


def scored(task: Task, **scores: float) -> dict[str, TaskResult]:
    return {name: make_result(make_model(f"org/{name}"), task, score) for name, score in scores.items()}


def test_the_head_says_in_a_sentence_what_is_measured_and_by_which_metric(client: Client) -> None:
    make_task("SciFact", type="Retrieval", main_score="ndcg_at_10")
    page = text(client, "/tasks/SciFact/")
    assert "<strong>Retrieval</strong> in eng-Latn: find the documents that answer a query" in page
    assert "Scored by <strong>nDCG@10</strong>" in page
    assert "how close the first 10 documents come to the best possible order" in page


def test_a_percentile_is_the_share_of_others_that_are_lower_and_ties_count_half(client: Client) -> None:
    task = make_task("T", hf_subsets=["a", "b"])
    for name, score in {"first": 0.9, "second": 0.5, "also-second": 0.5}.items():
        make_result(make_model(f"org/{name}"), task, {"test": {"a": score, "b": score}})
    make_result(make_model("org/incomplete"), task, {"test": {"a": 1.0}})
    found = rows(text(client, "/tasks/T/"))
    assert list(found) == ["first", "also-second", "second", "incomplete"]
    assert found["first"].startswith("<td><strong>90.00</strong><td>100.0<td>2/2")
    assert found["second"].startswith("<td>50.00<td>25.0<td>2/2")
    assert found["incomplete"].startswith(f"<td>100.00<td>{DASH}<td>")


def test_a_long_table_has_pages_and_all_of_it_on_request(client: Client) -> None:
    task = make_task("T")
    scored(task, **{f"m{number}": number / 100 for number in range(55)})
    assert len(rows(text(client, "/tasks/T/"))) == 50
    assert len(rows(text(client, "/tasks/T/?page=2"))) == 5
    assert len(rows(text(client, "/tasks/T/?per_page=all"))) == 55


def test_a_score_has_its_standard_error_where_the_file_keeps_repeated_runs(client: Client) -> None:
    task = make_task("T", type="Classification", main_score="accuracy")
    runs = [{"accuracy": 0.78}, {"accuracy": 0.82}]
    make_result(make_model("org/first"), task, 0.8, metrics={"scores_per_experiment": runs})
    make_result(make_model("org/second"), task, 0.7)
    found = rows(text(client, "/tasks/T/"))
    assert '80.00</strong><small class="error-bar">± 2.00</small>' in found["first"]
    assert '70.00<small class="error-bar"></small>' in found["second"]


def test_models_can_be_ranked_by_any_metric_that_files_store(client: Client) -> None:
    task = make_task("T", main_score="ndcg_at_10")
    for name, score, metrics in (
        ("first", 0.9, {"recall_at_10": 0.2, "mae": 1.5, "zeal": 3}),
        ("second", 0.8, {"recall_at_10": 0.4, "mae": 7.25, "zeal": 4}),
        ("third", 0.7, {"recall_at_10": None}),
    ):
        make_result(make_model(f"org/{name}"), task, score, metrics=metrics)
    by_recall = text(client, "/tasks/T/?metric=recall_at_10")
    assert "Results by Recall@10" in by_recall
    assert list(rows(by_recall)) == ["second", "first", "third"]
    assert rows(by_recall)["second"].startswith("<td><strong>40.00</strong><td>100.0")
    by_error = text(client, "/tasks/T/?metric=mae")
    assert "Lower is better." in by_error
    assert rows(by_error)["first"].startswith("<td><strong>1.5</strong><td>100.0")
    unranked = text(client, "/tasks/T/?metric=zeal")
    assert "listed by it, but not ranked" in unranked
    assert list(rows(unranked)) == ["second", "first", "third"]
    assert rows(unranked)["second"].startswith(f"<td>4<td>{DASH}")
    assert "No result of this task stores “nothing”" in text(client, "/tasks/T/?metric=nothing")


def test_a_metric_counts_over_the_cells_behind_the_score(client: Client) -> None:
    """The main score as a metric of its own is the score, whatever is merged, pooled or not declared."""
    task = make_task("T", hf_subsets=["a", "b"], main_score="accuracy")
    model_meta = make_model("org/first")
    make_result(
        model_meta, task, {"test": {"a": 0.2}, "train": {"a": 0.9}}, kind=SourceKind.RUN, current_in=[Scope.ALL]
    )
    make_result(model_meta, task, {"test": {"a": 0.9, "b": 0.6}}, current_in=[Scope.ALL], part=1)
    pooled = make_variant(model_meta, "model_kwargs_{}", "")
    make_result(model_meta, task, {"test": {"a": 0.1}}, variant=pooled, current_in=[Scope.ALL])
    assert rows(text(client, "/tasks/T/"))["first"].startswith("<td><strong>30.00</strong>")
    overview = text(client, "/tasks/T/?view=metrics")
    assert "<td>1</td><td>30.00</td><td>30.00</td><td>30.00</td>" in overview
    cells = text(client, "/tasks/T/?view=subsets")
    assert rows(cells)["first"].endswith("<td>30.00<td><strong>15.00</strong><td><strong>60.00</strong>")


def test_stored_metrics_are_listed_with_what_they_measure(client: Client) -> None:
    task = make_task("T", main_score="ndcg_at_10")
    metrics = {"recall_at_10": 0.5, "nauc_recall_at_10_max": 0.25, "zeal": 3, "note": "no number"}
    make_result(make_model(), task, 0.9, metrics=metrics)
    page = text(client, "/tasks/T/?view=metrics")
    assert "hold 4 metrics" in page
    assert 'href="?metric=recall_at_10">Recall@10</a>' in page
    assert page.index("nDCG@10</a>") < page.index("Recall@10</a>")
    assert "not explained here" in page
    assert "Knowing when to abstain: 1 metric<" in page
    assert "metric=note" not in page


def test_results_on_another_dataset_revision_are_marked_and_can_be_listed(client: Client) -> None:
    task = make_task("T", dataset_revision="a" * 40)
    make_result(make_model("org/new"), task, 0.5)
    make_result(make_model("org/short"), task, 0.4, dataset_revision="a" * 7)
    old = datetime(2024, 1, 2, tzinfo=UTC)
    make_result(make_model("org/old"), task, 0.9, dataset_revision="b" * 40, date=old)
    make_result(make_model("org/silent"), task, 0.3, dataset_revision=None, date=None)
    page = text(client, "/tasks/T/")
    assert "1 of 4 results were made on another revision" in page
    assert [name for name, cells in rows(page).items() if ">stale<" in cells] == ["old"]
    assert list(rows(text(client, f"/tasks/T/?dataset_revision={'b' * 40}"))) == ["old"]
    assert list(rows(text(client, "/tasks/T/?dataset_revision=unknown"))) == ["silent"]
    assert "No result was made on this revision" in text(client, "/tasks/T/?dataset_revision=c")
    data = text(client, "/tasks/T/?view=data")
    assert "1 of the 4 results that count name another revision" in data
    assert "1 result of 1 model, on 2024-01-02." in data
    assert "without a date" in data


def test_a_revision_that_no_result_names_is_on_the_timeline_all_the_same() -> None:
    task = make_task("T", dataset_revision="a" * 40)
    make_result(make_model(), task, dataset_revision="b" * 40)
    current, stale = dataset_revisions(task, Scope.ALL)
    assert (current.name, current.is_registrys, current.n_results) == ("a" * 40, True, 0)
    assert (stale.name, stale.is_registrys, stale.n_current) == ("b" * 40, False, 1)


def make_multilingual_task(n_subsets: int = 2) -> Task:
    subsets = ["de", "fr", *(f"s{number}" for number in range(n_subsets - 2))]
    languages = {name: ["deu-Latn" if name == "de" else "fra-Latn"] for name in subsets}
    return make_task("Multi", hf_subsets=subsets, eval_langs=languages, languages=["deu-Latn", "fra-Latn"])


def test_every_model_is_shown_by_split_and_subset_with_the_best_in_bold(client: Client) -> None:
    task = make_multilingual_task()
    make_result(make_model("org/first"), task, {"test": {"de": 0.9, "fr": 0.7}})
    make_result(make_model("org/second"), task, {"test": {"fr": 0.8, "de": 0.2}})
    make_result(make_model("org/partial"), task, {"test": {"fr": 0.1}})
    page = text(client, "/tasks/Multi/?view=subsets")
    assert "plain mean of its 2 cells" in page
    assert "<small>deu-Latn</small>" in page
    found = rows(page)
    assert found["first"].endswith("<td>80.00<td><strong>90.00</strong><td>70.00")
    assert found["second"].endswith("<td>50.00<td>20.00<td><strong>80.00</strong>")
    assert 'title="not run"' in found["partial"]
    assert list(rows(text(client, "/tasks/Multi/?view=subsets&sort=-cell:test/fr"))) == ["second", "first", "partial"]


def test_subsets_are_chosen_by_name_or_language_and_have_a_mean_of_their_own(client: Client) -> None:
    task = make_multilingual_task()
    make_result(make_model("org/first"), task, {"test": {"de": 0.9, "fr": 0.7}})
    page = text(client, "/tasks/Multi/?view=subsets&subset=DEU-latn&split=test")
    assert "Mean of 1 chosen" in page
    assert rows(page)["first"].endswith("<td>80.00<td>90.00<td><strong>90.00</strong>")
    assert "No subset has that" in text(client, "/tasks/Multi/?view=subsets&subset=klingon")


def test_hundreds_of_subsets_have_pages_of_columns(client: Client) -> None:
    task = make_multilingual_task(45)
    make_result(make_model(), task, {"test": dict.fromkeys(task.hf_subsets, 0.5)})
    assert f"Columns 1{DASH}20 of 45" in text(client, "/tasks/Multi/?view=subsets")
    last = text(client, "/tasks/Multi/?view=subsets&columns=99&sort=-cell:test/de")
    assert f"Columns 41{DASH}45 of 45" in last


def make_compared_task(client: Client) -> str:
    """A task on a board with another one that orders the models just so."""
    task, other = make_task("T", type="Classification", main_score="accuracy"), make_task("Other")
    board = make_board(make_benchmark("Two", [task, other]))
    for number in range(6):
        model_meta, score = make_model(), 0.5 + number / 100
        runs = [{"accuracy": score - 0.001}, {"accuracy": score + 0.001}]
        make_result(model_meta, task, score, metrics={"scores_per_experiment": runs})
        make_row(board, model_meta, [score, score / 2])
    make_result(make_model(), task, 0.96)
    return text(client, "/tasks/T/?view=statistics")


def test_statistics_say_how_scores_spread_and_separate_models(client: Client) -> None:
    page = make_compared_task(client)
    assert "Half of the 7 ranked results lie between 51.50 and 54.50, around a median of 53.00." in page
    assert "1 of 7 results (14.3%) reach 95.00." in page
    assert "Of the 6 models with repeated runs, 100% of all pairs differ by more than the noise" in page
    assert "The best one stands apart from all others." in page
    assert "<dd>± 0.10</dd>" in page
    assert '<th scope="row">52.00 to below 54.00</th><td>2</td>' in page


def test_statistics_compare_the_order_of_models_with_that_of_boards(client: Client) -> None:
    page = make_compared_task(client)
    assert "<td>1</td> <td>6</td> <td>1.00</td> <td>1.00</td> <td>1.3 \N{MULTIPLICATION SIGN}</td>" in page
    assert "nearly the same order" in page


def test_the_data_view_shows_statistics_by_split_and_subset(client: Client) -> None:
    of_subset = {"num_samples": 20, "text_statistics": {"average_text_length": 7.5, "max_text_length": 9}}
    stats = {
        "test": {
            "num_samples": 1500,
            "queries_text_statistics": {"average_text_length": 21.5},
            "image_statistics": None,
            "hf_subset_descriptive_stats": {"de": of_subset},
        }
    }
    make_task("T", descriptive_stats=stats)
    page = text(client, "/tasks/T/?view=data")
    assert '<th scope="row">Number of samples</th><td>1,500</td>' in page
    assert '<th scope="row">Average text length</th><td>21.50</td>' in page
    assert '<th scope="row">de</th><td>20</td><td>7.50</td>' in page


def test_benchmarks_say_which_part_of_the_task_they_count(client: Client) -> None:
    task = make_multilingual_task()
    benchmark = make_benchmark("German", [task])
    benchmark.benchmark_tasks.update(subsets=["de"])
    make_benchmark("Both", [task])
    page = text(client, "/tasks/Multi/")
    assert "1 of 2 subsets, test" in page
    assert "all of it" in page


@pytest.mark.parametrize("view", VIEWS)
def test_a_task_without_results_has_every_view(client: Client, view: str) -> None:
    make_task("Bare", description="", eval_splits=[], hf_subsets=[], languages=[], dataset_path="", main_score="zeal")
    page = text(client, f"/tasks/Bare/?view={view}")
    assert view == "data" or "No results yet" in page


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize(
    "query",
    [
        "sort=-&page=x&per_page=7&source=x",
        "page=99&columns=-1&sort=cell:no/where",
        "metric=%00%FF&dataset_revision=%00&subset=%00&split=%00",
        f"subset={'x' * 5000}",
    ],
)
def test_nonsense_in_an_address_does_no_harm(client: Client, view: str, query: str) -> None:
    make_result(make_model(), make_task("T"))
    text(client, f"/tasks/T/?view={view}&{query}")
    text(client, f"/tasks/?view={view}&{query}")


@pytest.mark.parametrize("address", ["/tasks/?q=&type=STS&sort=", "/tasks/T/?type=STS&split="])
def test_what_a_form_leaves_empty_is_not_in_the_link(client: Client, address: str) -> None:
    make_task("T")
    assert client.get(address)["Location"].endswith("?type=STS")


@pytest.mark.parametrize("name", ["%00", "Nowhere"])
def test_a_task_that_there_is_not_is_not_found(client: Client, name: str) -> None:
    assert client.get(f"/tasks/{name}/").status_code == 404


def test_names_of_subsets_and_metrics_are_escaped(client: Client) -> None:
    evil = "<script>alert(1)</script>"
    task = make_task(
        "T", hf_subsets=[evil, "b"], eval_splits=[evil], domains=[evil], descriptive_stats={evil: {evil: 1}}
    )
    make_result(make_model(), task, {evil: {evil: 0.5, "b": 0.5}}, metrics={evil: 1}, dataset_revision=evil)
    for view in VIEWS:
        assert "<script>" not in text(client, f"/tasks/T/?view={view}")
    assert "<script>" not in text(client, f"/tasks/T/?metric={evil}&dataset_revision={evil}")
    assert "<script>" not in text(client, f"/tasks/T/?view=subsets&subset={evil}")
    assert "<script>" not in text(client, f"/tasks/?q={evil}&language={evil}&domain={evil}")


def test_the_first_page_is_read_in_few_queries_however_many_models_there_are(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    scored(make_task("T"), **{f"m{number}": number / 100 for number in range(30)})
    text(client, "/tasks/T/")
    with django_assert_num_queries(10):
        text(client, "/tasks/T/?page=1")


def file(client: Client, address: str) -> str:
    response: Any = client.get(address)
    assert response.status_code == 200
    return b"".join(response.streaming_content).decode()


def test_a_file_holds_what_the_view_shows(client: Client) -> None:
    task = make_multilingual_task()
    make_result(make_model("org/first"), task, {"test": {"de": 0.9, "fr": 0.7}}, metrics={"pearson": 0.25})
    assert '1,"org/first","",80.00,' in file(client, "/tasks/Multi/?format=csv")
    assert '1,"org/first","",25.00,' in file(client, "/tasks/Multi/?format=csv&metric=pearson")
    assert '1,"org/first","",80.00,90.00\r\n' in file(client, "/tasks/Multi/?format=csv&view=subsets&subset=de")
    assert client.get("/tasks/Multi/?format=zip").status_code == 400


def names(page: str) -> list[str]:
    return re.findall(r'<th scope="row"><a href="/tasks/([\w.]+)/', page)


def make_index() -> None:
    make_task("Alpha", domains=["News"], languages=["deu-Latn"])
    make_task("Beta", type="Retrieval", domains=["News", "Legal"], languages=["deu-Grek", "fra-Latn"])
    gamma = make_task("Gamma", type="Retrieval", modalities=["image"], is_public=False, superseded_by="Beta")
    make_result(make_model(), gamma, 0.75)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["Alpha", "Beta", "Gamma"]),
        ("type=Retrieval", ["Beta", "Gamma"]),
        ("domain=News&language=deu", ["Alpha", "Beta"]),
        ("language=deu-Latn", ["Alpha"]),
        ("modality=image", ["Gamma"]),
        ("access=private", ["Gamma"]),
        ("results=with+results", ["Gamma"]),
        ("q=WHAT+et", ["Beta"]),
        ("type=Retrieval&domain=Legal&access=private", []),
        ("sort=-name", ["Gamma", "Beta", "Alpha"]),
        ("sort=-best", ["Gamma", "Alpha", "Beta"]),
        ("source=official&sort=-n_models", ["Gamma", "Alpha", "Beta"]),
    ],
)
def test_the_index_narrows_tasks_by_what_the_address_says(client: Client, query: str, expected: list[str]) -> None:
    make_index()
    assert names(text(client, f"/tasks/?{query}")) == expected


def test_the_index_counts_what_each_choice_would_leave(client: Client) -> None:
    make_index()
    page = text(client, "/tasks/?type=Retrieval")
    assert '<option value="Retrieval" selected>Retrieval (2)' in page
    assert '<option value="STS">STS (1)' in page
    assert '<option value="News">News (1)' in page
    assert "2 of 3 tasks" in page


def test_an_index_without_tasks_says_which_command_brings_them(client: Client) -> None:
    assert "sync_registry" in text(client, "/tasks/")


def test_the_index_says_what_to_do_where_nothing_is_left(client: Client) -> None:
    make_index()
    assert "No task is like that" in text(client, "/tasks/?domain=Poetry")
    assert "No language is called “Klingonish”" in text(client, "/tasks/?language=Klingonish")
