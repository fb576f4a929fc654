"""Boards ranked by another metric than the main score."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from leaderboard.board_query import parse
from leaderboard.models import Benchmark, Board, Scope
from leaderboard.selectors import board_metrics
from leaderboard.selectors.board_metrics import UnusableMetric
from leaderboard.selectors.cubes import query_metrics
from leaderboard.selectors.standings import Standings, board_standings
from leaderboard.services.boards import publish_boards
from tests.factories import make_benchmark, make_model, make_result, make_task

pytestmark = pytest.mark.django_db

RECALL: dict[str, dict[str, float | None]] = {
    "org/best-first": {"SciFact": 0.5, "ArguAna": 0.3},
    "org/finds-all": {"SciFact": 0.9, "ArguAna": None},
}


@pytest.fixture
def board() -> Board:
    """By the main score the one model leads, by recall on SciFact the other; one file on ArguAna has no recall."""
    sts = make_task("STS13", type="STS")
    tasks = [make_task(name, type="Retrieval") for name in ("SciFact", "ArguAna")]
    for order, (name, recalls) in enumerate(RECALL.items()):
        model_meta = make_model(name, registry_order=order)
        make_result(model_meta, sts, 0.6 - order / 10)
        for task in tasks:
            recall = recalls[task.name]
            make_result(
                model_meta, task, 0.8 - order / 10, metrics={} if recall is None else {"recall_at_10": recall, "mae": 2}
            )
    benchmark = make_benchmark("MTEB(tiny, v1)", [sts, *tasks], slug="tiny")
    publish_boards(benchmarks=Benchmark.objects.filter(pk=benchmark.pk))
    return Board.objects.select_related("benchmark").get(benchmark=benchmark, scope=Scope.ALL)


def standings(board: Board, **parameters: str) -> Standings:
    found = board_standings(board, parse({name: [value] for name, value in parameters.items()}))
    assert found is not None
    return found


def test_a_metric_ranks_the_tasks_that_have_it_everywhere(board: Board) -> None:
    found = standings(board, metric="recall_at_10")
    assert [facts.name for facts in found.facts] == ["org/finds-all", "org/best-first"]
    assert found.columns["task_scores"].tolist() == [[0.9], [0.5]]
    assert found.head.summary_task_names == ["SciFact"]
    assert [one.task for one in found.left_out] == ["STS13", "ArguAna"]
    assert (found.n_in_view, found.of_tasks, found.head.n_declared_tasks) == (3, 3, 1)


def test_task_filters_say_which_tasks_are_looked_at(board: Board) -> None:
    found = standings(board, metric="recall_at_10", type="Retrieval")
    assert [one.task for one in found.left_out] == ["ArguAna"]
    with pytest.raises(UnusableMetric, match="No task in view"):
        standings(board, metric="recall_at_10", type="STS")


def test_one_file_without_the_metric_leaves_its_task_out_and_is_counted(board: Board) -> None:
    scifact = board.benchmark.tasks.get(name="SciFact")
    make_result(make_model("org/lacks"), scifact, 0.4)
    # The first and the last result are looked at first, and both have it.
    make_result(make_model("org/has"), scifact, 0.4, metrics={"recall_at_10": 0.2})
    publish_boards(benchmarks=Benchmark.objects.filter(pk=board.benchmark_id))
    newer = Board.objects.select_related("benchmark").get(benchmark=board.benchmark, scope=Scope.ALL)
    with pytest.raises(UnusableMetric, match="SciFact comes closest: 1 of 4 lack it"):
        standings(newer, metric="recall_at_10")


def test_an_unknown_metric_is_said_and_the_main_score_shown(client: Client, board: Board) -> None:
    page = client.get("/benchmarks/tiny/?metric=nonsense").content.decode()
    assert "No task in view has a metric &#x27;nonsense&#x27;" in page
    assert "2 models ranked by Borda count over 3 tasks" in page


def test_more_files_than_a_page_reads_are_refused_with_a_way_on(
    client: Client, board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(board_metrics, "MAX_RESULTS", 1)
    page = client.get("/benchmarks/tiny/?metric=recall_at_10").content.decode()
    assert "recall_at_10 stands in 2 results of the 1 tasks in view" in page
    assert "2 models ranked by Borda count over 3 tasks" in page


def test_a_second_view_by_a_metric_reads_no_file(board: Board) -> None:
    standings(board, metric="recall_at_10")
    with CaptureQueriesContext(
        connection,
    ) as queries:
        standings(board, metric="recall_at_10", means="lenient")
    assert not [query for query in queries if "payload" in query["sql"]]


def test_the_page_says_what_is_left_out_and_offers_the_metrics(client: Client, board: Board) -> None:
    page = client.get("/benchmarks/tiny/?metric=recall_at_10").content.decode()
    assert "2 of 3 tasks have no recall_at_10 in some or all results and are left out" in page
    assert "over 1 of 3 tasks, by recall_at_10 instead of the main score" in page
    assert '<option value="recall_at_10" selected>Recall@10 (up to 1 task)</option>' in page
    assert "although lower is better" in client.get("/benchmarks/tiny/?metric=mae").content.decode()


def test_only_metrics_of_tasks_in_view_are_offered(board: Board) -> None:
    offered = {one.metric.name: one.n_tasks for one in query_metrics(board, parse({"type": ["Retrieval"]}))}
    assert offered["recall_at_10"] == 1
    assert "recall_at_10" not in {one.metric.name for one in query_metrics(board, parse({"type": ["STS"]}))}


def test_where_a_number_by_a_metric_comes_from_is_told_by_that_metric(client: Client, board: Board) -> None:
    page = client.get("/benchmarks/tiny/?metric=recall_at_10").content.decode()
    assert "origins/?m=org%2Ffinds-all&amp;metric=recall_at_10" in page
    origins = client.get("/benchmarks/tiny/origins/?m=org/finds-all&metric=recall_at_10").content.decode()
    assert "Recall@10" in origins
    assert "<td>90.00</td>" in origins
    cells = client.get("/results/?model=org/finds-all&task=SciFact&metric=recall_at_10").content.decode()
    assert "<td>90.00</td>" in cells
    assert "not in the file" not in client.get("/results/?model=org/finds-all&task=SciFact").content.decode()


def test_an_unknown_metric_of_an_origin_is_left_out(client: Client, board: Board) -> None:
    assert client.get("/benchmarks/tiny/origins/?m=org/finds-all&metric=nonsense").status_code == 200
    page = client.get("/results/?model=org/finds-all&task=SciFact&metric=nonsense%00").content.decode()
    assert 'title="not in the file"' in page
