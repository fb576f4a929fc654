"""How far results, models and rows of boards are verified."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from leaderboard.models import Comparison, Scope, TaskTolerance
from leaderboard.selectors.verification import levels_by_reruns
from leaderboard.services.boards import publish_boards
from leaderboard.verification import Level, Reruns, difference, result_level, row_level
from tests.factories import make_benchmark, make_model, make_result, make_task
from tests.factories_uploads import COMMIT, make_comparison, make_flag, make_reported, rerun_of

CELL, OTHER = ("test", "default"), ("dev", "default")


def test_the_largest_move_of_a_common_cell_is_the_difference() -> None:
    found = difference({CELL: 0.5, OTHER: 0.7, ("x", "y"): 0.1}, {CELL: 0.52, OTHER: 0.69})
    assert found is not None
    assert (round(found.largest, 6), found.worst, found.n_cells) == (0.02, CELL, 2)


def test_without_a_common_score_nothing_can_be_said() -> None:
    assert difference({CELL: None, OTHER: 0.5}, {CELL: 0.5}) is None


def test_exactly_the_tolerance_agrees_whatever_binary_makes_of_it() -> None:
    found = difference({CELL: 0.501}, {CELL: 0.5})
    assert found is not None
    assert found.within(0.001)
    assert not found.within(0.0009)


@pytest.mark.parametrize(
    ("agreed", "disagreed", "reported", "level"),
    [
        (3, 0, 40, Level.SAMPLE),
        (2, 0, 40, None),
        (2, 0, 2, Level.SAMPLE),
        (9, 1, 40, Level.DISAGREES),
        (0, 0, 0, None),
    ],
)
def test_a_sample_is_three_tasks_or_all_and_one_disagreement_counts(
    agreed: int, disagreed: int, reported: int, level: Level | None
) -> None:
    assert Reruns(agreed, disagreed, reported).level is level


@pytest.mark.parametrize(
    ("origins", "reruns", "level"),
    [
        (["run"], None, Level.FULL),
        (["run"], Level.DISAGREES, Level.DISAGREES),
        (["official", "run"], Level.SAMPLE, Level.SAMPLE),
        (["official", "run"], None, Level.PARTLY),
        (["official"], None, Level.REPORTED),
    ],
)
def test_a_row_has_the_level_of_what_stands_behind_it(origins: list[str], reruns: Level | None, level: Level) -> None:
    assert row_level(origins, reruns) is level


def test_a_result_that_was_rerun_speaks_for_itself_and_others_follow_the_model() -> None:
    assert result_level("run", agrees=None, of_model=None) is Level.FULL
    assert result_level("upload", agrees=False, of_model=Level.SAMPLE) is Level.DISAGREES
    assert result_level("upload", agrees=True, of_model=None) is Level.SAMPLE
    assert result_level("official", agrees=None, of_model=Level.SAMPLE) is Level.SAMPLE
    assert result_level("official", agrees=None, of_model=Level.DISAGREES) is Level.REPORTED


@pytest.mark.django_db
def test_a_run_is_compared_with_what_was_reported_as_soon_as_it_is_stored() -> None:
    reported = make_reported(make_model(), make_task(), 0.5)
    comparison = make_comparison(reported, 0.5005)
    assert (comparison.agrees, comparison.tolerance, comparison.split) == (True, 0.001, "test")


@pytest.mark.django_db
def test_a_run_on_another_revision_of_model_or_dataset_is_not_compared() -> None:
    model_meta, task = make_model(), make_task()
    make_result(model_meta, task, 0.5, revision="2" * 40)
    make_result(model_meta, task, 0.5, revision=COMMIT, dataset_revision="b" * 40, current_in=())
    rerun_of(make_reported(model_meta, make_task()), 0.5)
    assert Comparison.objects.count() == 1


@pytest.mark.django_db
def test_a_task_may_have_a_tolerance_of_its_own() -> None:
    reported = make_reported(make_model(), make_task(), 0.5)
    TaskTolerance.objects.create(task=reported.task, tolerance=0.05, reason="It draws examples at random.")
    assert make_comparison(reported, 0.54).agrees


@pytest.mark.django_db
def test_one_disagreement_marks_the_model() -> None:
    model_meta = make_model()
    first, second = (make_reported(model_meta, make_task(), 0.5) for _ in range(2))
    make_comparison(first, 0.5)
    assert levels_by_reruns() == {}
    make_comparison(second, 0.6)
    assert levels_by_reruns() == {(model_meta.pk, ""): Level.DISAGREES}


@pytest.mark.django_db
def test_a_board_shows_sorts_filters_and_exports_how_far_rows_are_verified(client: Client) -> None:
    tasks = [make_task() for _ in range(2)]
    board = make_benchmark("Board", tasks)
    sampled, doubtful, plain = (make_model(f"org/{name}") for name in ("sampled", "doubtful", "plain"))
    for model_meta in (sampled, doubtful, plain):
        for task in tasks:
            make_result(model_meta, task, 0.5, revision=COMMIT)
    for model_meta, score in ((sampled, 0.5), (doubtful, 0.7)):
        for result in list(model_meta.revisions.get().results.all()):
            rerun_of(result, score)
    publish_boards(benchmarks=type(board).objects.all())
    address = board.get_absolute_url()
    page = client.get(address).content.decode()
    assert "disagrees" in page
    assert "full run" in page
    assert "self-reported" in page
    narrowed = client.get(f"{address}?verified=disagrees").content.decode()
    assert "org/doubtful" in narrowed
    assert "org/plain" not in narrowed
    asked = client.get(address, {"q": "verified:here"}).content.decode()
    assert "org/sampled" in asked
    assert "org/doubtful" not in asked
    exported: Any = client.get(f"{address}?sort=-verified&format=csv")
    rows = list(csv.DictReader(io.StringIO(exported.getvalue().decode())))
    assert [row["Verified"] for row in rows] == ["full run", "self-reported", "disagrees"]
    narrowed_rows = client.get(f"{address}?lang=eng&sort=verified").content.decode()
    assert narrowed_rows.index("org/doubtful") < narrowed_rows.index("org/plain") < narrowed_rows.index("org/sampled")


@pytest.mark.django_db
def test_pages_say_level_rerun_and_open_flags(client: Client) -> None:
    reported = make_reported(make_model(), make_task(), 0.5)
    board = make_benchmark("Board", [reported.task])
    make_comparison(reported, 0.6)
    flag = make_flag(reported)
    model_meta = reported.model_revision.model_meta
    page = client.get(model_meta.get_absolute_url()).content.decode()
    assert "1 open flag" in page
    assert flag.get_absolute_url() in page
    assert "disagrees" in page
    results = client.get(reverse("results"), {"model": model_meta.name, "task": reported.task.name}).content.decode()
    assert "differs by 10.000" in results
    assert "flagged" in results
    publish_boards(benchmarks=type(board).objects.all(), scopes=[Scope.ALL])
    origins = client.get(reverse("row_origins", args=[board.slug]), {"m": model_meta.name}).content.decode()
    assert "full run" in origins
