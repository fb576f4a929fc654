"""`manage.py rankings`."""

from __future__ import annotations

import csv
import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from leaderboard.services.boards import publish_all_boards
from tests.factories import make_benchmark, make_model, make_result, make_task

pytestmark = pytest.mark.django_db


def printed(benchmark: str, **options: str) -> str:
    out = StringIO()
    call_command("rankings", benchmark, stdout=out, **options)
    return out.getvalue()


@pytest.fixture(autouse=True)
def board() -> None:
    tasks = [make_task("STS1"), make_task("Ret1", type="Retrieval")]
    make_benchmark("MTEB(x, v1)", tasks, slug="mtebx-v1", aliases=["x"])
    make_benchmark("Empty", [make_task("Unrun")])
    best = make_model("org/best", registry_order=1, registry_revision="r1", contaminated_tasks=["STS1"])
    rest = make_model("=cmd|' /C calc'!A0", registry_order=2)
    for task, score in zip(tasks, (0.75, 0.5), strict=True):
        make_result(best, task, score, revision="r1")
    make_result(rest, tasks[0], 0.25, revision="r2")
    publish_all_boards()


def test_json_has_every_number_as_a_fraction() -> None:
    first, second = json.loads(printed("MTEB(x, v1)", format="json"))
    assert first == {
        "rank": 1,
        "borda_rank": 1,
        "model": "org/best",
        "variant": "",
        "revision": "r1",
        "revisions": ["r1"],
        "zero_shot": 50,
        "coverage": {"done": 2, "of": 2},
        "mean_task": 0.625,
        "mean_task_type": 0.625,
        "mean_subset": None,
        "mean_public": None,
        "mean_private": None,
        "task_types": {"STS": 0.75, "Retrieval": 0.5},
        "groups": {},
        "tasks": {"STS1": 0.75, "Ret1": 0.5},
    }
    assert (second["mean_task"], second["zero_shot"], second["tasks"]["Ret1"]) == (None, None, None)


def test_an_empty_board_is_an_empty_list_and_a_sentence() -> None:
    assert json.loads(printed("Empty", format="json")) == []
    assert printed("Empty") == "No results on Empty yet.\n"
    assert printed("Empty", format="csv") == ""


@pytest.mark.parametrize("name", ["MTEB(x, v1)", "mtebx-v1", "x"])
def test_a_benchmark_is_found_by_name_slug_or_alias(name: str) -> None:
    assert "org/best" in printed(name)


def test_the_table_shows_percent_and_dashes() -> None:
    table = printed("MTEB(x, v1)")
    assert "62.50" in table
    assert "50 %" in table
    assert "1/2" in table
    assert "–" in table  # noqa: RUF001 - the mark of a blank cell


def test_csv_cannot_start_a_formula() -> None:
    rows = list(csv.DictReader(StringIO(printed("MTEB(x, v1)", format="csv"))))
    assert rows[0]["STS1"] == "0.75"
    assert rows[0]["tasks_done"] == "2"
    assert rows[1]["model"] == "'=cmd|' /C calc'!A0"


def test_an_unknown_benchmark_is_refused_with_close_names() -> None:
    with pytest.raises(CommandError, match=r"There is no benchmark 'MTEB\(x\)'. Did you mean MTEB\(x, v1\)"):
        printed("MTEB(x)")
