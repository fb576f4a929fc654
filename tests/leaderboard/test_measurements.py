"""Measured speed and memory: which measurements count, and where they show."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from leaderboard.board_query import parse
from leaderboard.models import Benchmark, Board, BoardRow, ModelMeta, Task
from leaderboard.models.measurements import index_megabytes
from leaderboard.selectors.cubes import board_cube
from leaderboard.selectors.facets import board_facets
from leaderboard.selectors.measurements import measurements_of, speed_of_models
from leaderboard.selectors.standings import board_standings
from leaderboard.services.boards import publish_boards
from leaderboard.tables.cells import measure_text
from tests.factories import bump_data_version, make_benchmark, make_measurement, make_model, make_result, make_task

pytestmark = pytest.mark.django_db


@pytest.fixture
def tasks() -> list[Task]:
    return [make_task("STS13"), make_task("ArguAna", type="Retrieval")]


@pytest.fixture
def board(tasks: list[Task]) -> Board:
    """Two models on two tasks; the fast one was measured on both."""
    for name, texts in (("org/fast", 100), ("org/unmeasured", 0)):
        for task in tasks:
            result = make_result(make_model_once(name), task, 0.5)
            if texts:
                make_measurement(result, n_texts=texts)
    benchmark = make_benchmark("Tiny", tasks, slug="tiny")
    publish_boards(benchmarks=Benchmark.objects.filter(pk=benchmark.pk))
    return Board.objects.get(benchmark=benchmark, scope="all")


def make_model_once(name: str) -> ModelMeta:
    return ModelMeta.objects.filter(name=name).first() or make_model(name, embed_dim=384)


def test_the_latest_measurements_of_all_tasks_are_taken_together(tasks: list[Task]) -> None:
    model_meta = make_model("org/model", embed_dim=384)
    first, second = (make_result(model_meta, task) for task in tasks)
    make_measurement(first, n_texts=1, encode_seconds=999)
    make_measurement(first, n_texts=100, n_tokens=1000, encode_seconds=2, latency_p50_ms=4, peak_host_mb=800)
    make_measurement(second, n_texts=500, n_tokens=None, encode_seconds=4, latency_p50_ms=6, peak_host_mb=900)
    speed = speed_of_models()[model_meta.pk]
    assert (speed.texts_per_second, speed.tokens_per_second) == (100, 500)
    assert (speed.latency_p50_ms, speed.peak_mb, speed.n_tasks) == (5, 900, 2)
    assert measurements_of(model_meta).index_mb == index_megabytes(384) == 1536


def test_models_are_compared_on_the_hardware_that_most_of_them_ran_on(tasks: list[Task]) -> None:
    one, other, elsewhere = (make_result(make_model(name), tasks[0]) for name in ("a/one", "a/other", "a/elsewhere"))
    for result in (one, other):
        make_measurement(result, hardware="Common")
    for result in (other, elsewhere):
        make_measurement(result, hardware="Other", device="cuda", peak_device_mb=400)
    make_measurement(elsewhere, hardware="Rare")
    make_measurement(make_result(make_model("a/third"), tasks[0]), hardware="Common")
    speeds = speed_of_models()
    names = set(ModelMeta.objects.filter(pk__in=speeds).values_list("name", flat=True))
    assert names == {"a/one", "a/other", "a/third"}
    assert {speed.hardware for speed in speeds.values()} == {"Common"}
    everything = measurements_of(ModelMeta.objects.get(name="a/other"))
    assert [(speed.hardware, speed.peak_mb) for speed in everything.speeds] == [("Common", 800), ("Other", 400)]
    assert measurements_of(ModelMeta.objects.get(name="a/elsewhere")).compared is None


def test_a_board_has_columns_of_speed_and_memory_where_a_model_was_measured(client: Client, board: Board) -> None:
    for query in ("", "?sort=-speed", "?sort=speed", "?means=lenient", "?means=lenient&sort=-memory"):
        page = client.get(f"/benchmarks/tiny/{query}").content.decode()
        assert "Texts/s" in page
        assert "<td>50.0" in page
        assert "evaluated here, on Test processor, 2 cores, 2 threads" in page
        assert page.index("/models/org/fast/") < page.index("/models/org/unmeasured/")
    BoardRow.objects.filter(model_meta__name="org/fast").delete()
    bump_data_version()
    assert "Texts/s" not in client.get("/benchmarks/tiny/").content.decode()


def test_boards_are_narrowed_to_measured_models_by_a_filter_and_by_the_query(client: Client, board: Board) -> None:
    for asked in ({"measured": ["1"]}, {"q": ["speed > 49"]}, {"q": ["texts_per_second < 51"]}):
        found = board_standings(board, parse(asked))
        assert found is not None
        assert [facts.name for facts in found.facts] == ["org/fast"], asked
    cube = board_cube(board)
    assert cube is not None
    assert board_facets(cube, parse({})).n_measured == 1
    assert "with measured speed <small>1</small>" in client.get("/benchmarks/tiny/?filters=open").content.decode()


def test_a_model_page_shows_what_was_measured_or_how_it_gets_measured(client: Client, board: Board) -> None:
    page = client.get("/models/org/fast/").content.decode()
    assert "50.0 texts a second" in page
    assert "Test processor, 2 cores, 2 threads" in page
    assert "4.00 ms" in page
    assert "1,536 MB" in page
    assert "Speed and memory are measured whenever a model is evaluated here" in (
        client.get("/models/org/unmeasured/").content.decode()
    )


def test_repeated_texts_are_shown_and_count_for_no_speed(client: Client, tasks: list[Task]) -> None:
    model_meta = make_model("org/model")
    make_measurement(make_result(model_meta, tasks[0]), n_texts=100, n_texts_served=4321, encode_seconds=2)
    assert speed_of_models()[model_meta.pk].texts_per_second == 50
    page = client.get("/models/org/model/").content.decode()
    assert "<td>4,321</td>" in page
    assert "50.0 texts a second" in page


def test_energy_is_known_when_all_tasks_say_what_they_took(tasks: list[Task]) -> None:
    whole, part = make_model("org/whole"), make_model("org/part")
    for task in tasks:
        make_measurement(make_result(whole, task), n_tokens=500_000, energy_kwh=0.002)
        make_measurement(make_result(part, task), energy_kwh=0.002 if task == tasks[0] else None)
    speeds = speed_of_models()
    assert speeds[whole.pk].watt_hours_per_million_tokens == pytest.approx(4)
    assert speeds[part.pk].watt_hours_per_million_tokens is None


def test_boards_show_and_ask_for_latency_energy_and_the_size_of_an_index(client: Client, board: Board) -> None:
    page = client.get("/benchmarks/tiny/?sort=-latency").content.decode()
    for heading in ("Latency, ms", "Wh per million tokens", "Index, MB per million"):
        assert heading in page
    assert "1,536" in page
    for asked, expected in (
        ("latency < 5", ["org/fast"]),
        ("latency > 5", []),
        ("energy > 0", []),
        ("index = 1536", ["org/fast", "org/unmeasured"]),
    ):
        found = board_standings(board, parse({"q": [asked]}))
        assert sorted(facts.name for facts in found.facts) == expected if found else not expected, asked


def test_a_million_tokens_cost_what_the_machine_does_meanwhile(client: Client, board: Board, settings: Any) -> None:
    assert "what a machine at" not in client.get("/models/org/fast/").content.decode()
    settings.COST_PER_HOUR = 1.8
    bump_data_version()
    page = client.get("/models/org/fast/").content.decode()
    assert "what a machine at 1.8 an hour takes" in page
    assert "<td>1.0000</td>" in page, "500 tokens a second are a million in 2,000 seconds."


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0"), (0.0472, "0.0472"), (4.716, "4.72"), (47.16, "47.2"), (1472.4, "1,472")]
)
def test_a_measurement_is_shown_with_the_digits_that_it_is_good_for(number: float, text: str) -> None:
    assert measure_text(number) == text
