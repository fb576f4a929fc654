"""What pages read from the facts."""

from operator import attrgetter

import pytest

from leaderboard.models import Scope, SourceKind
from leaderboard.selectors import boards, menu, model_metas, results, tasks
from leaderboard.selectors.boards import View
from tests.factories import (
    make_benchmark,
    make_board,
    make_model,
    make_result,
    make_row,
    make_task,
    make_variant,
)

pytestmark = pytest.mark.django_db


def test_the_menu_nests_boards_under_their_headings_in_menu_order() -> None:
    make_benchmark("French", menu_path=["General", "Language-specific"], menu_position=2)
    make_benchmark("English", menu_path=["General"], menu_position=1)
    make_benchmark("Loose", menu_path=[], menu_position=None)

    general, more = menu.benchmark_menu()

    assert [entry.name for entry in general.benchmarks] == ["English"]
    assert [section.title for section in general.sections] == ["Language-specific"]
    assert [entry.name for entry in general.sections[0].benchmarks] == ["French"]
    assert (more.title, more.unlisted) == ("More boards", True)


def test_the_menu_counts_models_and_tasks_of_each_board_once() -> None:
    benchmark = make_benchmark("English", [make_task(), make_task()])
    for scope in Scope:
        board = make_board(benchmark, scope)
        make_row(board, task_scores=[0.5, 0.5])
    make_row(board, position=None)

    (section,) = menu.benchmark_menu()

    assert [attrgetter("n_rows", "n_tasks")(entry) for entry in section.benchmarks] == [(1, 2)]


@pytest.mark.parametrize(("descending", "names"), [(True, ["b", "c", "a", "d"]), (False, ["a", "b", "c", "d"])])
def test_sorting_puts_blanks_last_and_breaks_ties_by_position(descending: bool, names: list[str]) -> None:
    task = make_task()
    board = make_board(make_benchmark("B", [task]))
    for name, score in (("d", None), ("b", 0.7), ("c", 0.7), ("a", 0.1)):
        make_row(board, make_model(name), [score])
    columns = boards.board_columns(board.benchmark, board, View.TASKS)

    rows = boards.sort_rows(
        boards.board_rows(board, View.TASKS, columns), View.TASKS, columns[-1], descending=descending
    )

    assert [row.model_meta__name for row in rows] == names


def test_the_best_score_of_a_column_ignores_blanks() -> None:
    tasks_ = [make_task(), make_task()]
    board = make_board(make_benchmark("B", tasks_))
    make_row(board, task_scores=[0.2, None])
    make_row(board, task_scores=[0.6, None])
    columns = boards.board_columns(board.benchmark, board, View.TASKS)

    scales = boards.board_scales(board, View.TASKS, columns)
    assert {key: scale.best for key, scale in scales.items()} == {f"task:{tasks_[0].name}": 0.6}


def test_the_board_knows_on_which_tasks_a_model_has_any_result() -> None:
    run, missing = make_task(), make_task()
    board = make_board(make_benchmark("B", [run, missing]))
    model_meta = make_model()
    make_result(model_meta, run)

    assert boards.started_tasks(board, [model_meta.pk]) == {(model_meta.pk, ""): {run.name}}


def test_a_task_ranks_complete_results_and_lists_incomplete_ones_after_them() -> None:
    task = make_task(hf_subsets=["en", "de"])
    make_result(make_model("whole"), task, {"test": {"en": 0.5, "de": 0.6}})
    make_result(make_model("same"), task, {"test": {"en": 0.6, "de": 0.5}})
    make_result(make_model("easy-half"), task, {"test": {"en": 0.9}})

    scores = tasks.task_scores(task, Scope.ALL)

    assert [(row.current.model_name, row.rank, row.current.n_cells, row.of_cells) for row in scores] == [
        ("same", 1, 2, 2),
        ("whole", 1, 2, 2),
        ("easy-half", None, 1, 2),
    ]


def test_a_task_score_leaves_out_cells_that_the_task_does_not_declare() -> None:
    task = make_task(eval_splits=["test"])
    make_result(make_model(), task, {"dev": {"default": 0.1}, "test": {"default": 0.7}})

    (row,) = tasks.task_scores(task, Scope.ALL)

    assert (row.current.score, row.current.n_cells) == (0.7, 1)


def test_parts_of_a_result_merge_into_one_score() -> None:
    task = make_task(hf_subsets=["en", "de"])
    model_meta = make_model()
    make_result(model_meta, task, {"test": {"en": 0.4}}, part=0)
    make_result(model_meta, task, {"test": {"en": 0.9, "de": 0.6}}, part=1, kind=SourceKind.RUN)

    (row,) = tasks.task_scores(task, Scope.ALL)

    assert row.current.score == pytest.approx(0.5)
    assert (row.current.n_parts, row.n_results) == (2, 2)


def test_variants_without_meaning_are_pooled_and_others_stand_alone() -> None:
    task = make_task()
    model_meta = make_model()
    make_result(model_meta, task, 0.4)
    make_result(model_meta, task, 0.6, variant=make_variant(model_meta, "model_kwargs_{}", ""))
    make_result(model_meta, task, 0.9, variant=make_variant(model_meta, "dim_64"))

    scores = {row.current.experiment_id: row.current.score for row in tasks.task_scores(task, Scope.ALL)}

    assert scores == {"": pytest.approx(0.5), "dim_64": 0.9}


def test_the_official_scope_leaves_own_runs_out() -> None:
    task = make_task()
    make_result(make_model(), task, kind=SourceKind.RUN, current_in=[Scope.ALL])

    assert tasks.task_scores(task, Scope.OFFICIAL) == []


def test_a_model_page_marks_tasks_the_model_was_trained_on() -> None:
    seen, unseen = make_task("Seen"), make_task("Unseen")
    model_meta = make_model(contaminated_tasks=["Seen"])
    make_result(model_meta, seen)
    make_result(model_meta, unseen)

    marks = {row.task_name: row.contaminated for row in model_metas.model_scores(model_meta, Scope.ALL)}

    assert marks == {"Seen": True, "Unseen": False}


def test_standings_say_the_rank_among_how_many() -> None:
    board = make_board(make_benchmark("B", [make_task()]))
    make_row(board)
    model_meta = make_model()
    make_row(board, model_meta, [0.5])

    (row,) = model_metas.standings(model_meta, Scope.ALL)

    assert (row.rank, row.board.n_rows) == (2, 2)


def test_results_that_do_not_count_say_why() -> None:
    task = make_task()
    model_meta = make_model(registry_revision="1" * 40)
    make_result(model_meta, task, 0.5)
    make_result(model_meta, task, 0.9, revision="2" * 40, current_in=())

    counting, other = results.result_standings(model_meta, task)

    assert counting.why == "Counts on every board."
    assert other.why == "The registry names another revision."


def test_a_stored_file_comes_back_byte_for_byte() -> None:
    result = make_result(make_model(), make_task("STS99"), 0.25)

    assert b'"task_name": "STS99"' in results.stored_file(result)
