"""Storing single results, what the database refuses, and how results merge on a board."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import zstandard
from django.db import IntegrityError, connection, transaction

from leaderboard.models import (
    Benchmark,
    BoardRow,
    CellScore,
    CurrentResult,
    DataVersion,
    ModelMeta,
    Scope,
    SourceKind,
    Task,
    TaskResult,
)
from leaderboard.services.boards import publish_all_boards
from leaderboard.services.results import ResultRefused, record_result
from tests.factories import make_benchmark, make_model, make_result, make_task, result_json

pytestmark = pytest.mark.django_db


@pytest.fixture
def model_meta() -> ModelMeta:
    return make_model("org/m", registry_revision="r1")


@pytest.fixture
def task() -> Task:
    return make_task("T", hf_subsets=["x", "y"])


@pytest.fixture
def benchmark(task: Task) -> Benchmark:
    return make_benchmark("Board", [task])


def record(model_meta: ModelMeta, task: Task, scores: Mapping[str, float], **fields: Any) -> TaskResult:
    arguments: dict[str, Any] = {
        "revision": "r1",
        "settings": None,
        "payload": result_json(task, {"test": scores}),
        "source_kind": SourceKind.RUN,
        "source_name": "Podium",
        "source_path": "runs/1/T.json",
    }
    return record_result(model_meta=model_meta, task=task, **{**arguments, **fields})


def scores(benchmark: Benchmark, scope: Scope = Scope.ALL) -> dict[tuple[str, str], float | None]:
    rows = BoardRow.objects.filter(board__benchmark=benchmark, board__scope=scope)
    return {
        (name, variant): of_tasks[0]
        for name, variant, of_tasks in rows.values_list("model_meta__name", "experiment_id", "task_scores")
    }


def test_a_recorded_result_is_on_the_board_at_once(model_meta: ModelMeta, task: Task, benchmark: Benchmark) -> None:
    result = record(model_meta, task, {"x": 0.25, "y": 0.75})
    assert scores(benchmark) == {("org/m", ""): 0.5}
    row = BoardRow.objects.get(board__scope=Scope.ALL)
    assert (row.rank, row.revision, row.origins, row.n_done) == (1, "r1", ["run"], 1)
    assert zstandard.ZstdDecompressor().decompress(bytes(result.payload)).startswith(b"{")
    assert not BoardRow.objects.filter(board__scope=Scope.OFFICIAL).exists()


def test_every_change_of_a_board_is_a_new_data_version(model_meta: ModelMeta, task: Task, benchmark: Benchmark) -> None:
    record(model_meta, task, {"x": 0.1, "y": 0.2})
    first = DataVersion.objects.get().number
    record(model_meta, task, {"x": 0.1, "y": 0.2})
    assert DataVersion.objects.get().number == first
    record(model_meta, task, {"x": 0.1, "y": 0.3})
    assert DataVersion.objects.get().number == first + 1


def test_the_same_content_twice_is_one_fact(model_meta: ModelMeta, task: Task) -> None:
    assert record(model_meta, task, {"x": 0.1}) == record(model_meta, task, {"x": 0.1})


def test_a_partial_run_is_laid_over_the_official_result(
    model_meta: ModelMeta, task: Task, benchmark: Benchmark
) -> None:
    make_result(model_meta, task, {"test": {"x": 0.2, "y": 0.4}}, revision="r1", current_in=[])
    TaskResult.objects.get().files.create(source=TaskResult.objects.get().source, path="p", digest=b"d", present=True)
    record(model_meta, task, {"x": 0.8})
    publish_all_boards()
    assert scores(benchmark) == {("org/m", ""): pytest.approx(0.6)}
    assert scores(benchmark, Scope.OFFICIAL) == {("org/m", ""): pytest.approx(0.3)}
    assert BoardRow.objects.get(board__scope=Scope.ALL).origins == ["official", "run"]


def test_a_smaller_run_of_another_revision_leaves_the_board_as_it_is(
    model_meta: ModelMeta, task: Task, benchmark: Benchmark
) -> None:
    record(model_meta, task, {"x": 0.2, "y": 0.4})
    small = record(model_meta, task, {"x": 0.9}, revision="r2")
    assert scores(benchmark) == {("org/m", ""): pytest.approx(0.3)}
    assert not CurrentResult.objects.filter(result=small).exists()


def test_halves_of_one_revision_merge(model_meta: ModelMeta, task: Task, benchmark: Benchmark) -> None:
    record(model_meta, task, {"x": 0.2})
    record(model_meta, task, {"y": 0.6})
    assert scores(benchmark) == {("org/m", ""): pytest.approx(0.4)}
    assert CurrentResult.objects.in_scope(Scope.ALL).count() == 2


def test_settings_make_a_row_of_their_own(model_meta: ModelMeta, task: Task, benchmark: Benchmark) -> None:
    record(model_meta, task, {"x": 0.2, "y": 0.2})
    record(model_meta, task, {"x": 0.6, "y": 0.6}, settings={"embed_dim": 64})
    assert scores(benchmark) == {("org/m", ""): 0.2, ("org/m", "embed_dim_64"): 0.6}


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        (b"{", "cannot be read: not valid JSON"),
        (b'{"task_name": "Other", "scores": {}}', "is of Other, not of T"),
        (b'{"task_name": "T", "scores": {"test": []}}', "has no scores"),
    ],
)
def test_a_result_that_is_not_what_it_claims_is_refused(
    model_meta: ModelMeta, task: Task, payload: bytes, words: str
) -> None:
    with pytest.raises(ResultRefused, match=words):
        record(model_meta, task, {}, payload=payload)
    assert not TaskResult.objects.exists()


def test_results_are_never_changed_or_deleted(model_meta: ModelMeta, task: Task) -> None:
    result = make_result(model_meta, task)
    for statement in (
        "UPDATE leaderboard_taskresult SET evaluation_time = 1",
        "DELETE FROM leaderboard_taskresult",
    ):
        with (
            pytest.raises(IntegrityError, match="never changed or deleted"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)
    with pytest.raises(IntegrityError), transaction.atomic():
        TaskResult.objects.filter(pk=result.pk).update(main_scores=[])


def test_scores_that_do_not_fit_their_cells_are_refused(model_meta: ModelMeta, task: Task) -> None:
    result = make_result(model_meta, task, {"test": {"x": 0.1, "y": 0.2}})
    result.pk = None
    result.digest = b"other"
    result.n_cells, result.main_scores = 1, [0.5]
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    with pytest.raises(IntegrityError, match="a_result_fits_its_cell_set"), transaction.atomic():
        result.save(force_insert=True)
    result.n_cells = 2
    with pytest.raises(IntegrityError, match="a_result_scores_each_cell"), transaction.atomic():
        result.save(force_insert=True)


def test_each_cell_is_a_row_of_the_view(model_meta: ModelMeta, task: Task) -> None:
    result = make_result(model_meta, task, {"test": {"x": 0.1, "y": None}})
    rows = CellScore.objects.filter(result=result).order_by("position")
    assert list(rows.values_list("position", "split", "subset", "languages", "main_score")) == [
        (0, "test", "x", ["eng-Latn"], 0.1),
        (1, "test", "y", ["eng-Latn"], None),
    ]
