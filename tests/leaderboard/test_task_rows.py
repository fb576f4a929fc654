"""The place of every model on every task, as it is kept for pages."""

import pytest

from leaderboard.models import Scope, SourceKind, Task, TaskRow
from leaderboard.services.results import record_result
from leaderboard.task_tables import DeclaredCells, Part, task_table
from tests.factories import make_model, make_result, make_task, make_variant, result_json

A, B = ("test", "a"), ("test", "b")


def part(model: int, *scores: float | None, variant: int | None = None, result: int = 0) -> Part:
    """A result on the cells A and B, of which a model that is named by one score has only the first."""
    cells = DeclaredCells([A, B][: len(scores)])
    return Part(model, "", model if variant is None else variant, result, cells, scores)


def test_models_are_ranked_by_the_mean_of_their_cells_and_ties_share_the_best_rank() -> None:
    rows = task_table([part(1, 0.2, 0.4), part(2, 0.5, 0.9), part(3, 0.4, 0.2)])

    assert [(row.rank, row.n_ranked, row.percentile) for row in rows] == [(2, 3, 25.0), (1, 3, 100.0), (2, 3, 25.0)]


def test_a_model_that_lacks_cells_has_neither_rank_nor_percentile() -> None:
    rows = task_table([part(1, 0.5, 0.5), part(2, 0.9), part(3, 0.9, None)])

    assert [(row.n_cells, row.of_cells, row.rank, row.percentile) for row in rows] == [
        (2, 2, 1, None),
        (1, 2, None, None),
        (1, 2, None, None),
    ]


def test_cells_count_from_the_first_part_that_scores_them() -> None:
    (row,) = task_table([part(1, 0.4, result=7), part(1, 0.9, 0.6, result=8)])

    assert (row.result_id, row.n_parts, row.score) == (7, 2, 0.5)


def test_variants_that_share_a_row_are_pooled() -> None:
    (row,) = task_table([part(1, 0.4, variant=1), part(1, 0.6, variant=2)])

    assert (row.score, row.n_cells) == (0.5, 1)


def test_a_cell_that_the_task_does_not_declare_does_not_count() -> None:
    (row,) = task_table([Part(1, "", 1, 1, DeclaredCells([None, A]), [0.9, 0.5])])

    assert (row.score, row.n_cells, row.rank) == (0.5, 1, 1)


def places(task: Task, scope: Scope = Scope.ALL) -> dict[str, tuple[int | None, float | None]]:
    rows = TaskRow.objects.in_scope(scope).filter(task=task).select_related("model_meta")
    return {row.model_meta.name: (row.rank, row.percentile) for row in rows}


@pytest.mark.django_db
def test_scopes_have_rows_of_their_own_where_results_differ() -> None:
    task = make_task()
    make_result(make_model("a"), task, 0.5)
    make_result(make_model("b"), task, 0.6, kind=SourceKind.UPLOAD, current_in=[Scope.ALL])

    assert places(task) == {"a": (2, 0.0), "b": (1, 100.0)}
    assert places(task, Scope.OFFICIAL) == {"a": (1, None)}


@pytest.mark.django_db
def test_a_new_result_moves_every_place_on_its_task_at_once() -> None:
    task = make_task()
    model_meta = make_model("a")
    make_result(model_meta, task, 0.5)
    make_result(model_meta, task, 0.4, variant=make_variant(model_meta, "dim_64"))
    record_result(
        model_meta=make_model("c"),
        revision="1",
        settings=None,
        task=task,
        payload=result_json(task, {"test": {"default": 0.45}}),
        source_kind=SourceKind.RUN,
        source_name="Podium",
        source_path="runs/1/T.json",
    )

    rows = TaskRow.objects.in_scope(Scope.ALL).filter(task=task).order_by("rank")
    assert [(row.model_meta.name, row.experiment_id, row.percentile) for row in rows] == [
        ("a", "", 100.0),
        ("c", "", 50.0),
        ("a", "dim_64", 0.0),
    ]
