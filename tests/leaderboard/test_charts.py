"""Charts of boards: what they say, the data they are drawn from, and the pages that hold them."""

import json
from datetime import date
from typing import Any

import pytest
from django.test import Client

from leaderboard.board_query import parse
from leaderboard.charts.base import Axis, ChartDataView, Drawing, Kind, Series, without_nan
from leaderboard.charts.boards import BoardCharts
from leaderboard.charts.history import top_ranks_chart
from leaderboard.memory import forget_everything
from leaderboard.models import Benchmark, Board, Measurement, Scope, Task
from leaderboard.selectors.history import Place, TopHistory
from leaderboard.selectors.history import Series as PastSeries
from leaderboard.selectors.standings import board_standings
from leaderboard.services.boards import publish_boards
from tests.factories import make_benchmark, make_model, make_result, make_revision, make_task, make_variant

pytestmark = pytest.mark.django_db

# Scores on three tasks (None: not run), number of parameters, day of release, architecture.
MODELS: dict[str, tuple[tuple[float | None, ...], int | None, date | None, str | None]] = {
    "org/tiny": ((0.4, 0.4, 0.4), 10_000_000, date(2022, 1, 1), "bert"),
    "org/wasteful": ((0.3, 0.3, 0.3), 500_000_000, date(2023, 1, 1), "bert"),
    "org/large": ((0.8, 0.8, 0.8), 7_000_000_000, date(2024, 1, 1), "qwen3"),
    "lab/closed": ((0.7, 0.7, 0.7), None, None, None),
}


def make_published_board(models: dict[str, Any] = MODELS, n_tasks: int = 3) -> Board:
    types = ["STS", "Retrieval", "Clustering", *["Retrieval"] * n_tasks]
    tasks = [make_task(type=types[number]) for number in range(n_tasks)]
    for order, (name, (scores, n_parameters, day, architecture)) in enumerate(models.items()):
        model_meta = make_model(
            name,
            registry_order=order,
            n_parameters=n_parameters,
            release_date=day,
            architecture=architecture,
            embed_dim=384,
        )
        for task, score in zip(tasks, scores, strict=False):
            if score is not None:
                make_result(model_meta, task, score)
    benchmark = make_benchmark("MTEB(tiny, v1)", tasks, slug="tiny")
    publish_boards(benchmarks=Benchmark.objects.filter(pk=benchmark.pk))
    return Board.objects.select_related("benchmark").get(benchmark=benchmark, scope=Scope.ALL)


def charts_of(board: Board, *names: str, **parameters: str) -> BoardCharts:
    standings = board_standings(board, parse({name: [value] for name, value in parameters.items()}))
    assert standings is not None
    return BoardCharts(board, standings, names)


def points(charts: BoardCharts, key: str, series: int) -> list[str]:
    chart = charts.find(key)
    assert chart is not None
    assert chart.drawing is not None
    return [point["name"] for point in chart.drawing.series[series].data]


def test_the_front_leaves_out_what_something_smaller_beats() -> None:
    charts = charts_of(make_published_board())
    assert points(charts, "size", 1) == ["org/tiny", "org/large"]
    assert points(charts, "size", 0) == ["org/wasteful"]
    chart = charts.find("size")
    assert chart is not None
    assert "Of 3 models with known size, 2 are on the front" in chart.sentence
    assert "1 model of unknown size is not shown" in chart.sentence


def test_the_best_so_far_rises_with_each_record() -> None:
    charts = charts_of(make_published_board())
    assert points(charts, "time", 1) == ["org/tiny", "org/large"]
    chart = charts.find("time")
    assert chart is not None
    assert chart.sentence.startswith("The best score rose from 40.00 (tiny, 2022-01-01) to 80.00 (large, 2024-01-01)")


def test_charts_show_what_the_filters_leave() -> None:
    charts = charts_of(make_published_board(), size="..1B")
    assert points(charts, "size", 1) == ["org/tiny"]


def test_without_strict_means_charts_show_lenient_ones_of_nearly_complete_models_and_say_so() -> None:
    blank = {f"org/{n}": ((*[0.5 + n / 100] * 9, None), 10**6 * (n + 1), date(2024, 1, 1), None) for n in range(3)}
    few: dict[str, Any] = {"org/few": ((0.9,), 10**5, date(2024, 1, 1), None)}
    last = {"org/last": ((None,) * 9 + (0.9,), 10**5, date(2024, 1, 1), None)}
    charts = charts_of(make_published_board({**blank, **few, **last}, n_tasks=10))
    assert {row.facts.name for row in charts.rows.rows} == set(blank)
    assert charts.rows.rows[0].score == pytest.approx(0.52)
    chart = charts.find("size")
    assert chart is not None
    assert "over the tasks that each model has" in chart.note
    assert "less than 80% of the 10 tasks are left out: 2 of 5" in chart.note


def test_families_are_told_by_their_best_model_and_unknown_ones_apart() -> None:
    chart = charts_of(make_published_board()).find("architectures")
    assert chart is not None
    assert chart.table is not None
    assert [(row.label, list(row.values)) for row in chart.table.rows] == [
        ("qwen3", ["1", "80.00", "80.00", "org/large"]),
        ("bert", ["2", "40.00", "35.00", "org/tiny"]),
        ("unknown", ["1", "70.00", "70.00", "lab/closed"]),
    ]


def test_chosen_models_are_shown_by_task_type() -> None:
    chart = charts_of(make_published_board(), "org/tiny", "org/nobody").find("types")
    assert chart is not None
    assert chart.drawing is not None
    assert chart.drawing.kind is Kind.RADAR
    assert [series.name for series in chart.drawing.series] == ["tiny"]
    assert list(chart.drawing.labels) == ["STS", "Retrieval", "Clustering"]


def test_a_board_of_one_task_has_no_rank_intervals_and_says_why() -> None:
    chart = charts_of(make_published_board({"org/a": ((0.5,), 10, None, None)}, n_tasks=1)).find("ranks")
    assert chart is not None
    assert chart.drawing is None
    assert "no intervals" in chart.sentence


def test_speed_is_drawn_once_something_was_measured() -> None:
    board = make_published_board()
    assert charts_of(board).find("speed") is None
    forget_everything()
    task = Task.objects.get(name=board.task_names[0])
    for name, seconds in (("org/tiny", 1.0), ("org/large", 10.0), ("org/wasteful", 20.0)):
        model_meta = board.rows.get(model_meta__name=name).model_meta
        Measurement.objects.create(
            model_revision=make_revision(model_meta),
            variant=make_variant(model_meta),
            task=task,
            hardware="one processor",
            device="cpu",
            n_texts=100,
            encode_seconds=seconds,
        )
    assert points(charts_of(board), "speed", 1) == ["org/tiny", "org/large"]


def test_a_line_of_ranks_breaks_where_the_model_was_off_the_board() -> None:
    days = [date(2026, 1, day) for day in (1, 2, 3, 5)]
    places = [Place(days[0], days[1], 2, None, 1), Place(days[2], None, 1, None, 1)]
    chart = top_ranks_chart(TopHistory(days, [PastSeries("org/a", "", places)]))
    assert chart is not None
    assert chart.drawing is not None
    assert [(point["x"][-2:], point["y"]) for point in chart.drawing.series[0].data] == [
        ("01", 2),
        ("02", 2),
        ("02", None),
        ("03", 1),
        ("05", 1),
    ]


def test_data_of_a_chart_are_json_without_nan(rf: Any) -> None:
    drawing = Drawing(Kind.BARS, [Series("a", [float("nan"), 0.5])], Axis("Score"), labels=["x", "y"])
    answer = ChartDataView.as_view(drawing=drawing)(rf.get("/"))
    data = json.loads(answer.content)
    assert data["datasets"][0]["data"] == [None, 0.5]
    assert data["labels"] == ["x", "y"]
    assert "view" not in data
    assert without_nan((float("inf"),)) == [None]


def test_the_page_says_each_finding_and_every_address_of_data_answers(client: Client) -> None:
    make_published_board()
    page = client.get("/benchmarks/tiny/?view=charts&size=1M..10B")
    assert page.status_code == 200
    shown = page.context["charts"]
    assert {one.chart.key for one in shown} == {"size", "time", "types", "architectures", "approaches", "ranks"}
    for one in shown:
        assert one.chart.sentence in page.content.decode()
        if one.chart.drawing:
            assert "size=1M..10B" in one.address
            answer = client.get(one.address)
            assert answer.json()["datasets"]
            assert client.get(one.address, headers={"If-None-Match": answer["ETag"]}).status_code == 304


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/benchmarks/tiny/charts/nothing.json", 404),
        ("/benchmarks/none/charts/size.json", 404),
        ("/benchmarks/tiny/charts/size.json?q=size+%3C", 400),
        ("/benchmarks/tiny/charts/size.json?org=nobody", 404),
        ("/benchmarks/tiny/charts/types.json?m=%00", 200),
        ("/boards/own/charts/size.json", 404),
        ("/boards/own/charts/size.json?tasks=nothing", 400),
    ],
)
def test_bad_addresses_of_data_are_refused(client: Client, address: str, status: int) -> None:
    make_published_board()
    assert client.get(address).status_code == status
