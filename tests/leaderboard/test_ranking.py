"""The ranking rule by rule, on boards small enough to check by hand, and against a slow reference."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leaderboard.aggregation import CellArrays, Cells, ordered_means, strict_mean
from leaderboard.ranking import (
    CellLanguages,
    Entrants,
    Group,
    GroupMember,
    Rules,
    Summary,
    average_ranks,
    language_table,
    min_ranks,
    summarise,
    task_table,
)

NAN = math.nan


class Cell(NamedTuple):
    model: str
    task: str
    score: float
    split: str = "test"
    subset: str = "default"
    variant: str = ""


class Setup(NamedTuple):
    cells: Cells
    rules: Rules
    entrants: Entrants
    rows: list[tuple[str, str]]
    triples: list[tuple[str, str, str]]


def board(cells: Sequence[Cell], models: Sequence[str] | None = None, **rules: Any) -> Setup:
    """Arrays for the cells; models are numbered as `models` lists them, tasks as they appear."""
    models = models or sorted({cell.model for cell in cells})
    rows = sorted({(cell.model, cell.variant) for cell in cells}, key=lambda row: (models.index(row[0]), row[1]))
    tasks = list(dict.fromkeys(cell.task for cell in cells))
    triples = list(dict.fromkeys((cell.task, cell.split, cell.subset) for cell in cells))
    splits = sorted({cell.split for cell in cells})
    subsets = sorted({cell.subset for cell in cells})
    arrays = Cells(
        source=CellArrays(
            row=np.array([rows.index((cell.model, cell.variant)) for cell in cells]),
            triple=np.array([triples.index((cell.task, cell.split, cell.subset)) for cell in cells]),
            score=np.array([cell.score for cell in cells], dtype=float),
        ),
        model_of_row=np.array([models.index(model) for model, _ in rows]),
        task_of=np.array([tasks.index(task) for task, _, _ in triples]),
        split_of=np.array([splits.index(split) for _, split, _ in triples]),
        subset_of=np.array([subsets.index(subset) for _, _, subset in triples]),
        n_models=len(models),
        n_tasks=len(tasks),
    )
    types = rules.pop("types", {})
    private = rules.pop("private", set())
    contaminated = rules.pop("contaminated", {})
    defaults = {"aggregations": {"mean_task", "mean_task_type", "task_types"}}
    return Setup(
        arrays,
        Rules(
            task_names=tasks,
            task_types=[types.get(task, "STS") for task in tasks],
            task_is_public=[task not in private for task in tasks],
            **{**defaults, **rules},
        ),
        Entrants([variant for _, variant in rows], [contaminated.get(model) for model in models]),
        rows,
        triples,
    )


def summary_of(setup: Setup) -> Summary:
    summary = summarise(setup.cells, setup.rules, setup.entrants)
    assert summary is not None
    return summary


def ranks(setup: Setup) -> dict[str, int]:
    summary = summary_of(setup)
    return {" ".join(setup.rows[row]).strip(): int(rank) for row, rank in zip(summary.rows, summary.rank, strict=True)}


def column(setup: Setup, mean: str) -> dict[str, float | None]:
    summary = summary_of(setup)
    values = summary.means[mean]
    assert values is not None
    return {
        setup.rows[row][0]: None if np.isnan(value) else float(value)
        for row, value in zip(summary.rows, values, strict=True)
    }


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ([0.1, 0.3, 0.2], [3, 1, 2]),
        ([0.2, 0.2, 0.1], [1.5, 1.5, 3]),
        ([0.2, 0.2, 0.2], [2, 2, 2]),
        ([NAN, 0.5, NAN], [NAN, 1, NAN]),
        ([], []),
    ],
)
def test_ties_share_the_average_rank(scores: list[float], expected: list[float]) -> None:
    np.testing.assert_array_equal(average_ranks(np.array(scores, dtype=float)), np.array(expected, dtype=float))


def test_ties_of_points_share_the_best_number() -> None:
    assert min_ranks(np.array([5.0, 9.0, 5.0, 1.0])).tolist() == [2, 1, 2, 4]


def test_sums_run_in_the_order_of_the_cells() -> None:
    scores = np.array([0.1] * 10 + [0.7, 1e16, -1e16])
    one_by_one = 0.0
    for score in scores:
        one_by_one += score
    means = ordered_means(np.zeros(len(scores), dtype=np.intp), scores, 1)
    assert means[0] == one_by_one / len(scores)


def test_a_mean_over_columns_is_blank_where_one_is_blank() -> None:
    means = strict_mean(np.array([[1.0, 3.0], [1.0, NAN]]))
    assert means[0] == 2.0
    assert np.isnan(means[1])


def test_the_model_that_wins_most_tasks_is_first() -> None:
    setup = board(
        [Cell("a", "t1", 0.9), Cell("b", "t1", 0.1), Cell("a", "t2", 0.5), Cell("b", "t2", 0.6), Cell("a", "t3", 1)]
    )
    assert ranks(setup) == {"a": 1, "b": 2}


def test_a_task_the_model_was_not_run_on_earns_no_points() -> None:
    setup = board(
        [Cell("a", "t1", 0.9), Cell("b", "t1", 0.8), Cell("c", "t1", 0.1), Cell("b", "t2", 0.5), Cell("c", "t2", 0.4)]
    )
    assert ranks(setup) == {"b": 1, "a": 2, "c": 3}
    assert column(setup, "mean_task")["a"] is None


def test_a_task_with_a_missing_cell_is_blank_but_votes() -> None:
    setup = board(
        [
            Cell("a", "t1", 0.9, subset="x"),
            Cell("b", "t1", 0.5, subset="x"),
            Cell("b", "t1", 0.5, subset="y"),
            Cell("a", "t2", 0.1),
            Cell("b", "t2", 0.1),
        ]
    )
    assert ranks(setup) == {"a": 1, "b": 2}
    assert column(setup, "mean_task") == {"a": None, "b": 0.3}


def test_completeness_asks_for_the_product_of_splits_and_subsets() -> None:
    setup = board(
        [
            Cell("a", "t", 0.9, "dev", "x"),
            Cell("a", "t", 0.9, "test", "y"),
            Cell("a", "u", 0.5),
        ]
    )
    assert np.isnan(summary_of(setup).task_scores[0, 0])


def test_a_duplicated_cell_counts_twice_in_the_mean_and_once_in_completeness() -> None:
    setup = board(
        [
            Cell("a", "t", 0.0, subset="x"),
            Cell("a", "t", 0.6, subset="x"),
            Cell("b", "t", 0.5, subset="x"),
            Cell("b", "t", 0.5, subset="y"),
            Cell("a", "u", 1.0),
        ]
    )
    summary = summary_of(setup)
    by_model = {setup.rows[row][0]: scores for row, scores in zip(summary.rows, summary.task_scores, strict=True)}
    assert np.isnan(by_model["a"][0])
    duplicated = board([Cell("a", "t", 0.0), Cell("a", "t", 0.6), Cell("a", "t", 0.6)])
    assert column(duplicated, "mean_task") == {"a": 0.39999999999999997}


def test_a_model_without_a_row_still_takes_a_rank() -> None:
    setup = board(
        [
            Cell("ghost", "t", 0.9, subset="x"),
            Cell("a", "t", 0.5, subset="x"),
            Cell("a", "t", 0.5, subset="y"),
        ]
    )
    assert ranks(setup) == {"a": 2}


def test_a_missing_score_is_no_score() -> None:
    setup = board([Cell("a", "t", NAN), Cell("b", "t", 0.5), Cell("a", "u", 0.5), Cell("b", "u", 0.1)])
    assert column(setup, "mean_task") == {"b": 0.3, "a": None}


def test_a_task_that_only_has_missing_scores_is_a_column_that_blanks_every_mean() -> None:
    setup = board([Cell("a", "t", NAN), Cell("a", "u", 0.5)])
    assert column(setup, "mean_task") == {"a": None}
    assert summary_of(setup).tasks.tolist() == [0, 1]


def test_no_row_means_no_summary() -> None:
    setup = board([Cell("a", "t", NAN)])
    assert summarise(setup.cells, setup.rules, setup.entrants) is None
    assert task_table(setup.cells, setup.rules) is None


def test_equal_rows_keep_the_order_of_the_registry() -> None:
    setup = board([Cell("z", "t", 0.5), Cell("a", "t", 0.5)], models=["z", "a"])
    assert list(ranks(setup).items()) == [("z", 1), ("a", 1)]


def test_variants_are_rows_of_their_own_and_one_voter() -> None:
    setup = board(
        [Cell("a", "t", 0.2), Cell("a", "t", 1.0, variant="dim_64"), Cell("b", "t", 0.5), Cell("c", "t", 0.1)]
    )
    assert ranks(setup) == {"a": 1, "a dim_64": 1, "b": 2, "c": 3}


def test_means_per_task_type_and_their_mean() -> None:
    cells = [Cell("a", "s1", 0.2), Cell("a", "s2", 0.4), Cell("a", "r1", 0.9)]
    setup = board(cells, types={"r1": "Retrieval"})
    summary = summary_of(setup)
    assert list(summary.type_means) == ["STS", "Retrieval"]
    assert summary.type_means["STS"][0] == pytest.approx(0.3)
    assert column(setup, "mean_task_type")["a"] == pytest.approx(0.6)
    assert summary.means["mean_public"] is None


def test_public_only_boards_leave_private_tasks_to_the_task_table() -> None:
    cells = [Cell("a", "t", 0.5), Cell("b", "t", 0.4), Cell("b", "secret", 0.9)]
    setup = board(cells, public_tasks_only=True, private={"secret"}, aggregations={"mean_task"})
    assert ranks(setup) == {"a": 1, "b": 2}
    table = task_table(setup.cells, setup.rules)
    assert table is not None
    assert table.tasks.tolist() == [0, 1]
    assert summary_of(setup).type_means == {}


def test_a_board_sorted_by_means_numbers_its_rows_and_puts_blank_ones_last() -> None:
    setup = board(
        [Cell("a", "t", 0.2), Cell("b", "t", 0.9), Cell("c", "u", 1.0), Cell("a", "u", 0.3), Cell("b", "u", 0.1)],
        sort_columns=["Mean (Task)"],
        aggregations={"mean_task", "public_private"},
    )
    assert list(ranks(setup).items()) == [("b", 1), ("a", 2), ("c", 3)]
    assert summary_of(setup).borda_rank.tolist() != [1, 2, 3]
    assert column(setup, "mean_private") == {"a": None, "b": None, "c": None}


def test_subset_boards_rank_by_votes_of_subsets_and_sort_by_their_mean() -> None:
    cells = [
        Cell("a", "t", 0.9, subset="x"),
        Cell("b", "t", 0.1, subset="x"),
        Cell("a", "t", 0.1, subset="y"),
        Cell("b", "t", 0.8, subset="y"),
        Cell("a", "t", 0.1, subset="z"),
        Cell("b", "t", 0.2, subset="z"),
    ]
    setup = board(cells, aggregations={"mean_subset"})
    assert ranks(setup) == {"a": 2, "b": 1}
    assert column(setup, "mean_subset") == {"a": pytest.approx(1.1 / 3), "b": pytest.approx(1.1 / 3)}


def test_a_subset_without_all_splits_is_blank() -> None:
    cells = [
        Cell("a", "t", 0.9, "dev", "x"),
        Cell("b", "t", 0.1, "dev", "x"),
        Cell("b", "t", 0.3, "test", "x"),
        Cell("a", "u", 0.5),
    ]
    setup = board(cells, aggregations={"mean_subset"})
    assert column(setup, "mean_subset") == {"a": None, "b": pytest.approx(0.2)}


def test_groups_mix_whole_tasks_and_scopes() -> None:
    cells = [
        Cell("a", "t", 0.2, subset="short"),
        Cell("a", "t", 0.6, subset="long"),
        Cell("a", "u", 1.0),
        Cell("b", "t", 0.3, subset="short"),
        Cell("b", "u", 0.5),
    ]
    plain = board(cells)
    long = plain.triples.index(("t", "test", "long"))
    groups = [
        Group("Length", "long", (GroupMember(0, (long,)), GroupMember(1))),
        Group("Length", "absent", (GroupMember(-1),)),
    ]
    setup = board(cells, groups=groups)
    means = summary_of(setup).group_means
    assert list(means) == [("Length", "long")]
    by_model = {setup.rows[row][0]: value for row, value in zip(summary_of(setup).rows, *means.values(), strict=True)}
    assert by_model["a"] == pytest.approx(0.8)
    assert np.isnan(by_model["b"])


def test_the_zero_shot_share_is_of_the_columns_on_the_board() -> None:
    setup = board(
        [Cell("a", "t1", 0.1), Cell("a", "t2", 0.1), Cell("a", "t3", 0.1), Cell("b", "t1", 0.3)],
        contaminated={"a": {"t1", "elsewhere"}},
    )
    summary = summary_of(setup)
    assert {setup.rows[row][0]: percent for row, percent in zip(summary.rows, summary.zero_shot, strict=True)} == {
        "a": 66,
        "b": None,
    }


def languages_of(codes: Sequence[Sequence[str]]) -> CellLanguages:
    names = sorted({code for named in codes for code in named})
    pairs = [(cell, names.index(code)) for cell, named in enumerate(codes) for code in named]
    cells, languages = np.array(pairs, dtype=np.intp).reshape(-1, 2).T
    return CellLanguages(cells, languages, names)


def test_a_language_named_twice_in_a_cell_counts_twice() -> None:
    setup = board([Cell("a", "t", 0.9, subset="x"), Cell("a", "t", 0.3, subset="y")])
    table = language_table(setup.cells, languages_of([["deu"], ["deu", "deu", "fra"]]), ["all"])
    assert table is not None
    assert table.languages == ["deu", "fra"]
    assert table.scores[0].tolist() == [pytest.approx(0.5), pytest.approx(0.3)]


def test_a_language_view_shows_its_languages_only() -> None:
    setup = board([Cell("a", "t", 0.9), Cell("b", "t", 0.3)])
    table = language_table(setup.cells, languages_of([["deu", "fra"], ["fra"]]), ["fra"])
    assert table is not None
    assert table.languages == ["fra"]
    assert table.scores[:, 0].tolist() == [0.9, 0.3]
    assert language_table(setup.cells, languages_of([["deu"], ["deu"]]), ["fra"]) is None


def reference(cells: Sequence[Cell]) -> dict[str, tuple[int, float | None]]:
    """(Borda rank, mean over tasks) of each model with a row, straight from the words of the rule."""
    scored = [cell for cell in cells if not math.isnan(cell.score)]
    tasks = sorted({cell.task for cell in cells})
    models = sorted({cell.model for cell in cells})
    by_pair: dict[tuple[str, str], list[Cell]] = defaultdict(list)
    for cell in scored:
        by_pair[cell.model, cell.task].append(cell)
    lenient = {pair: sum(cell.score for cell in found) / len(found) for pair, found in by_pair.items()}
    needed = {
        task: len({cell.subset for cell in scored if cell.task == task})
        * len({cell.split for cell in scored if cell.task == task})
        for task in tasks
    }
    strict = {
        pair: mean
        for pair, mean in lenient.items()
        if len({(cell.split, cell.subset) for cell in by_pair[pair]}) >= needed[pair[1]]
    }
    rows = [model for model in models if any((model, task) in strict for task in tasks)]
    points = dict.fromkeys(models, 0.0)
    for task in tasks:
        votes = {model: lenient[model, task] for model in models if (model, task) in lenient}
        for model, score in votes.items():
            higher = sum(other > score for other in votes.values())
            equal = sum(other == score for other in votes.values())
            points[model] += len(rows) - (higher + (equal + 1) / 2)
    return {
        model: (
            1 + sum(other > points[model] for other in points.values()),
            sum(strict[model, task] for task in tasks) / len(tasks)
            if all((model, task) in strict for task in tasks)
            else None,
        )
        for model in rows
    }


any_cell = st.builds(
    Cell,
    model=st.sampled_from("abcdef"),
    task=st.sampled_from(["t1", "t2", "t3"]),
    score=st.sampled_from([0.0, 0.1, 0.1, 0.25, 0.5, -0.2, NAN]),
    split=st.sampled_from(["dev", "test"]),
    subset=st.sampled_from(["x", "y"]),
    variant=st.just(""),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(any_cell, min_size=1, max_size=40))
def test_any_board_ranks_as_the_words_of_the_rule_say(cells: list[Cell]) -> None:
    setup = board(cells)
    expected = reference(cells)
    if not expected:
        assert summarise(setup.cells, setup.rules, setup.entrants) is None
        return
    assert ranks(setup) == {model: rank for model, (rank, _) in expected.items()}
    for model, mean in column(setup, "mean_task").items():
        assert mean == (None if expected[model][1] is None else pytest.approx(expected[model][1], abs=1e-12))
