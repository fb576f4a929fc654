"""Filtered boards: what is left, how it is ranked, and what the filters offer."""

import csv
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from django.test import Client

from leaderboard.board_query import BoardQuery, parse
from leaderboard.cube import pack, unpack
from leaderboard.methods import Method
from leaderboard.models import Benchmark, Board, ModelMeta, Scope, Task
from leaderboard.selectors.cubes import board_cube
from leaderboard.selectors.facets import board_facets
from leaderboard.selectors.standings import (
    Standings,
    board_standings,
    language_standings,
    standings_without_types,
)
from leaderboard.services.boards import publish_boards
from leaderboard.wording import METHOD_NOTES
from tests.factories import make_benchmark, make_model, make_result, make_task, make_variant

pytestmark = pytest.mark.django_db

SCORES = {  # STS13, ArguAna, SciFact; None was not run.
    "org/small": (0.80, 0.50, 0.40),
    "org/large": (0.70, 0.70, 0.60),
    "lab/closed": (0.90, 0.60, None),
}


@pytest.fixture
def board() -> Board:
    tasks = [
        make_task("STS13", type="STS", domains=["News"], languages=["eng-Latn"]),
        make_task("ArguAna", type="Retrieval", domains=["Web"], languages=["eng-Latn"]),
        make_task("SciFact", type="Retrieval", domains=["Academic"], languages=["deu-Latn"], is_public=False),
    ]
    facts: dict[str, dict[str, Any]] = {
        "org/small": {
            "n_parameters": 33_000_000,
            "open_weights": True,
            "spdx_license": "MIT",
            "contaminated_tasks": [],
        },
        "org/large": {"n_parameters": 7_000_000_000, "open_weights": True, "contaminated_tasks": ["ArguAna"]},
        "lab/closed": {"open_weights": False, "contaminated_tasks": None},
    }
    for order, (name, scores) in enumerate(SCORES.items()):
        model_meta = make_model(name, registry_order=order, **facts[name])
        for task, score in zip(tasks, scores, strict=True):
            if score is not None:
                make_result(model_meta, task, score)
    benchmark = make_benchmark("MTEB(tiny, v1)", tasks, slug="tiny")
    publish_boards(benchmarks=Benchmark.objects.filter(pk=benchmark.pk))
    return Board.objects.select_related("benchmark").get(benchmark=benchmark, scope=Scope.ALL)


def standings(board: Board, **parameters: str) -> Standings:
    found = board_standings(board, parse({name: [value] for name, value in parameters.items()}))
    assert found is not None
    return found


def names(found: Standings) -> list[str]:
    return [facts.name for facts in found.facts]


def test_a_cube_survives_packing(board: Board) -> None:
    cube = board_cube(board)
    assert cube is not None
    again = unpack(pack(cube))
    assert again.tasks == cube.tasks
    assert again.kinds == cube.kinds
    assert again.rows == cube.rows
    assert again.rules == cube.rules
    for name in ("result_ids", "row_of_result", "sequence_of_result", "sequence_kinds", "kind", "score"):
        np.testing.assert_array_equal(getattr(again, name), getattr(cube, name))


def test_without_filters_the_rows_are_those_that_are_stored(board: Board) -> None:
    found = board_standings(board, BoardQuery())
    assert found is not None
    stored = list(board.rows.order_by("position"))
    assert [row.model_meta_id for row in stored] == [facts.id for facts in found.facts]
    for row, record in zip(stored, found.records(), strict=True):
        for field in ("rank", "rank_low", "rank_high", "mean_task", "mean_lows", "task_scores", "zero_shot", "n_done"):
            assert getattr(record, field) == getattr(row, field), field


def test_a_task_filter_ranks_what_is_left_anew(board: Board) -> None:
    found = standings(board, type="STS")
    assert names(found) == ["lab/closed", "org/small", "org/large"]
    assert found.columns["mean_task"].tolist() == [0.9, 0.8, 0.7]
    assert found.head.summary_task_names == ["STS13"]


def test_a_language_keeps_cells_and_its_code_alone_matches_every_script(board: Board) -> None:
    for code in ("deu", "deu-Latn", "DEU"):
        found = standings(board, lang=code)
        assert names(found) == ["org/large", "org/small"]
        assert found.head.summary_task_names == ["SciFact"]


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"weights": "open"}, {"org/small", "org/large"}),
        ({"license": "mit"}, {"org/small"}),
        ({"license": "unknown"}, {"org/large", "lab/closed"}),
        ({"size": "..1B"}, {"org/small"}),
        ({"size": "..1B,unknown"}, {"org/small", "lab/closed"}),
        ({"org": "lab,org"}, set(SCORES)),
        ({"complete": "1"}, {"org/small", "org/large"}),
        ({"zero_shot": "known"}, {"org/small", "org/large"}),
        ({"zero_shot": "only"}, {"org/small"}),
        ({"zero_shot": "only", "type": "STS"}, {"org/small", "org/large"}),
        ({"q": "STS > 0.75 and params:known"}, {"org/small"}),
        ({"q": "ArguAna >= 60 or org:lab"}, {"org/large", "lab/closed"}),
        ({"verified": "here"}, set()),
    ],
)
def test_a_model_filter_leaves_these(board: Board, parameters: dict[str, str], expected: set[str]) -> None:
    found = standings(board, **parameters)
    assert set(names(found)) == expected
    assert found.of_rows == 3


def test_filters_never_undo_each_other(board: Board) -> None:
    assert names(standings(board, weights="open", size="..1B", type="Retrieval")) == ["org/small"]


def test_strict_means_are_blank_where_lenient_ones_go_on(board: Board) -> None:
    place = names(standings(board, means="lenient")).index("lab/closed")
    assert np.isnan(standings(board, means="").columns["mean_task"]).sum() == 1
    assert standings(board, means="lenient").columns["mean_task"][place] == pytest.approx(0.75)


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        ("mean_task", ["org/large", "org/small", "lab/closed"]),
        ("complete", ["org/large", "org/small", "lab/closed"]),
        ("win_rate", ["lab/closed", "org/large", "org/small"]),
    ],
)
def test_the_method_orders_the_rows(board: Board, method: str, expected: Sequence[str]) -> None:
    found = standings(board, method=method)
    assert names(found) == expected
    ranked = 3 if method == "win_rate" else 2
    assert found.columns["rank"].tolist() == [*range(1, ranked + 1), *[0] * (3 - ranked)]


def test_the_languages_of_a_board_have_a_table(board: Board) -> None:
    found = language_standings(board, BoardQuery())
    assert found is not None
    assert set(found.head.languages) == {"eng-Latn", "deu-Latn"}
    column = found.head.languages.index("deu-Latn")
    scores = dict(zip(names(found), found.columns["scores"][:, column], strict=True))
    assert scores["org/large"] == 0.6
    assert np.isnan(scores["lab/closed"])


def test_facets_count_under_all_other_filters(board: Board) -> None:
    cube = board_cube(board)
    assert cube is not None
    facets = board_facets(cube, parse({"type": ["Retrieval"], "weights": ["open"]}))
    by_name = {
        facet.name: {option.value: option.count for option in facet.shown} for facet in facets.tasks + facets.models
    }
    assert by_name["type"] == {"Retrieval": 2, "STS": 1}
    assert by_name["domain"] == {"Academic": 1, "Web": 1}
    assert by_name["weights"] == {"open": 2, "proprietary": 1}
    assert by_name["license"] == {"MIT": 1, "unknown": 1}


def test_the_page_says_what_is_filtered_and_how_to_undo_it(client: Client, board: Board) -> None:
    page = client.get("/benchmarks/tiny/?type=Retrieval&size=..1B").content.decode()
    assert "1 of 3 models ranked anew by Borda count over 2 of 3 tasks" in page
    assert 'href="/benchmarks/tiny/?size=..1B"' in page
    assert 'href="/benchmarks/tiny/?type=Retrieval"' in page


def test_a_form_is_answered_with_the_short_address(client: Client, board: Board) -> None:
    response = client.get("/benchmarks/tiny/?type=STS&type=Retrieval&size_min=&size_max=1B&q=&view=tasks")
    assert response["Location"] == "/benchmarks/tiny/?type=Retrieval,STS&size=..1B&view=tasks"


def test_an_unreadable_query_points_at_its_place_and_loses_nothing(client: Client, board: Board) -> None:
    page = client.get("/benchmarks/tiny/?q=parms+%3C+3&type=STS").content.decode()
    assert "<mark>parms</mark>" in page
    assert "Did you mean" in page
    assert "ranked anew by Borda count over 1 of 3 tasks" in page


def test_nothing_left_says_how_to_go_on(client: Client, board: Board) -> None:
    page = client.get("/benchmarks/tiny/?org=nobody").content.decode()
    assert "Nothing is left" in page
    assert "0 of 3 models" in page


@pytest.mark.parametrize(
    "query",
    [
        "type=%00",
        "size=1..2..3",
        "lang=xx-Yyyy",
        "q=%28%28%28",
        "view=charts&type=Nope",
        "hide=rank,mean_task",
        "pin=a/b",
    ],
)
def test_garbage_in_an_address_is_no_error(client: Client, board: Board, query: str) -> None:
    assert client.get(f"/benchmarks/tiny/?{query}").status_code == 200


def test_pinned_models_stand_on_top(client: Client, board: Board) -> None:
    response = client.get("/benchmarks/tiny/?m=org/small&pin_ticked=1&type=STS")
    assert response["Location"] == "/benchmarks/tiny/?type=STS&pin=org/small"
    page = client.get(response["Location"]).content.decode()
    table = page[page.index('class="pinned-rows"') :]
    assert table.index('value="org/small"') < table.index('value="lab/closed"')


def test_the_page_says_how_another_method_ranks(client: Client, board: Board) -> None:
    note = METHOD_NOTES[Method.WIN_RATE]
    assert note not in client.get("/benchmarks/tiny/").content.decode()
    assert note in client.get("/benchmarks/tiny/?method=win_rate").content.decode()


def test_a_name_that_no_model_can_have_pins_nothing(client: Client, board: Board) -> None:
    page = client.get("/benchmarks/tiny/?pin=org/small%00")
    assert page.status_code == 200
    assert 'class="pinned-rows"' not in page.content.decode()


def test_columns_can_be_left_out(client: Client, board: Board) -> None:
    assert "Max tokens" in client.get("/benchmarks/tiny/").content.decode()
    assert ">Max tokens</a>" not in client.get("/benchmarks/tiny/?hide=max_tokens").content.decode()


def test_every_number_says_where_it_comes_from(client: Client, board: Board) -> None:
    page = client.get("/benchmarks/tiny/origins/?m=lab/closed&of=type:Retrieval").content.decode()
    assert "60.00" in page
    assert "not run" in page
    assert "STS13" not in page
    assert client.get("/benchmarks/tiny/origins/?m=nobody/x").status_code == 404


def test_a_csv_holds_the_numbers_of_the_screen(client: Client, board: Board) -> None:
    response: Any = client.get("/benchmarks/tiny/?view=tasks&format=csv")
    lines = b"".join(response.streaming_content).decode().splitlines()
    rows = list(csv.reader(lines))
    assert rows[0][:5] == ["Rank", "Model", "STS13", "ArguAna", "SciFact"]
    assert ["1", "org/large", "70.00", "70.00", "60.00"] in [row[:5] for row in rows]


def test_suggestions_know_the_board(client: Client, board: Board) -> None:
    found = client.get("/benchmarks/tiny/suggestions/?q=Arg&cursor=3").json()
    assert [one["text"] for one in found if "ArguAna" in one["text"]]
    assert client.get("/benchmarks/tiny/suggestions/?q=x&cursor=%C2%B2").status_code == 200


def test_filters_stand_in_the_page_where_they_are_opened(client: Client, board: Board) -> None:
    assert 'name="size_min"' not in client.get("/benchmarks/tiny/").content.decode()
    page = client.get("/benchmarks/tiny/?filters=open&type=STS").content.decode()
    assert 'name="size_min"' in page
    assert 'value="STS" checked' in page


def test_models_and_tasks_of_the_board_are_those_of_the_database(board: Board) -> None:
    cube = board_cube(board)
    assert cube is not None
    assert {task.id for task in cube.tasks} == set(Task.objects.values_list("pk", flat=True))
    assert set(cube.model_meta_ids) == set(ModelMeta.objects.values_list("pk", flat=True))


def test_ranks_are_told_without_the_tasks_of_each_type(client: Client, board: Board) -> None:
    found = standings_without_types(board, BoardQuery())
    assert found is not None
    assert found.without_types == ["STS", "Retrieval"]
    ranks = dict(zip(names(found), found.columns["ranks_without"].tolist(), strict=True))
    for name, task_type in ((name, of) for name in SCORES for of in found.without_types):
        left = standings(board, type="Retrieval" if task_type == "STS" else "STS")
        assert ranks[name][found.without_types.index(task_type)] == left.columns["rank"][names(left).index(name)]
    page = client.get("/benchmarks/tiny/?view=without").content.decode()
    assert "Without Retrieval" in page
    rows = list(csv.reader(exported(client, "?view=without&format=csv").splitlines()))
    assert rows[0][:4] == ["Rank", "Model", "Without STS", "Without Retrieval"]
    assert [int(rank) for rank in rows[1][2:4]] == ranks[rows[1][1]]


def test_the_method_and_the_filters_of_a_view_decide_what_ranks_without_a_type_are(board: Board) -> None:
    found = standings_without_types(board, parse({"weights": ["open"], "method": ["mean_task"]}))
    assert found is not None
    assert names(found) == ["org/large", "org/small"]
    assert found.columns["ranks_without"].tolist() == [[1, 2], [2, 1]]


def test_a_view_of_one_type_says_that_there_is_none_to_leave_out(client: Client, board: Board) -> None:
    page = client.get("/benchmarks/tiny/?view=without&type=STS").content.decode()
    assert "there is none to leave out" in page
    assert "Without STS" not in page


def exported(client: Client, query: str) -> str:
    response: Any = client.get(f"/benchmarks/tiny/{query}")
    return b"".join(response.streaming_content).decode()


def test_scores_are_shown_above_chance_where_a_random_encoder_was_measured(client: Client, board: Board) -> None:
    assert "not run on any task in view" in client.get("/benchmarks/tiny/?show=above_random").content.decode()
    assert 'value="above_random"' not in client.get("/benchmarks/tiny/?filters=open").content.decode()
    encoder = make_model("mteb/baseline-random-encoder", registry_order=9)
    make_result(encoder, Task.objects.get(name="STS13"), 0.5)
    make_result(encoder, Task.objects.get(name="ArguAna"), 0.0)
    publish_boards(benchmarks=Benchmark.objects.filter(pk=board.benchmark_id))
    assert 'value="above_random"' in client.get("/benchmarks/tiny/?filters=open").content.decode()
    page = client.get("/benchmarks/tiny/?show=above_random").content.decode()
    assert "2 of 3 tasks where chance is known" in page
    rows = list(csv.DictReader(exported(client, "?show=above_random&format=csv").splitlines()))
    above = {row["Model"]: row["Above random"] for row in rows}
    # (0.8 - 0.5) / 0.5 and (0.5 - 0) / 1, and so on.
    assert above == {"org/small": "55.00", "org/large": "55.00", "lab/closed": "70.00", encoder.name: "0.00"}
    # A filter on models leaves chance where it is.
    narrowed = list(csv.DictReader(exported(client, "?show=above_random&org=org&format=csv").splitlines()))
    assert {row["Model"]: row["Above random"] for row in narrowed} == {"org/small": "55.00", "org/large": "55.00"}


def test_of_several_variants_only_the_best_can_be_shown(client: Client, board: Board) -> None:
    assert 'name="variants"' not in client.get("/benchmarks/tiny/?filters=open").content.decode()
    small = ModelMeta.objects.get(name="org/small")
    for experiment, scores in {"dim_64": (0.95, 0.9, None), "dim_256": (0.9, 0.8, 0.7)}.items():
        variant = make_variant(small, experiment)
        for name, score in zip(("STS13", "ArguAna", "SciFact"), scores, strict=True):
            if score is not None:
                make_result(small, Task.objects.get(name=name), score, variant=variant)
    publish_boards(benchmarks=Benchmark.objects.filter(pk=board.benchmark_id))
    newer = Board.objects.select_related("benchmark").get(benchmark=board.benchmark, scope=Scope.ALL)
    assert names(standings(newer)).count("org/small") == 3
    best = standings(newer, variants="best")
    assert sorted(best.entrants) == ["lab/closed", "org/large", "org/small~dim_256"]
    assert 'name="variants"' in client.get("/benchmarks/tiny/?filters=open").content.decode()
    assert "the best of each model" in client.get("/benchmarks/tiny/?variants=best").content.decode()


def test_intervals_of_a_page_are_those_of_the_whole_board(board: Board) -> None:
    whole = standings(board, type="Retrieval")
    every = [(row.rank_low, row.rank_high, row.mean_lows) for row in whole.records()]
    alone = standings(board, type="Retrieval", means="lenient")
    assert [(row.rank_low, row.rank_high) for place in (1, 0) for row in alone.records([place])] == [
        bounds[:2] for bounds in (every[1], every[0])
    ]
