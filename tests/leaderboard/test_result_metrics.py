"""Every metric of a result file."""

import json
from typing import Any

import numpy as np
import pytest

from leaderboard.result_files import TaskFacts
from leaderboard.result_metrics import may_repeat, metric_values, repeated_scores, stored_cells

TASKS = {"STS12": TaskFacts("cosine_spearman", ["eng-Latn"])}
RUNS = [{"accuracy": 0.4, "f1": 0.1}, {"accuracy": 0.6, "f1": 0.2}]


def test_cells_stand_in_the_order_of_the_file_whatever_its_age() -> None:
    old = {"mteb_dataset_name": "STS12", "test": {"cos_sim": {"spearman": 0.7}}, "dev": {"cos_sim": {"spearman": 0.6}}}
    names, table = metric_values(stored_cells(json.dumps(old).encode(), TASKS))
    assert names == ["cosine_spearman"]
    assert table.tolist() == [[0.7], [0.6]]


@pytest.mark.parametrize("second", [{"f1": 1, "accuracy": None}, {"f1": 1}], ids=["null", "missing"])
def test_metrics_are_what_is_a_number_in_every_cell_that_has_it(second: dict[str, Any]) -> None:
    about = {"hf_subset": "a", "languages": [], "main_score": 0.5, "evaluation_time": 3.5, "mteb_version": "2.1"}
    first = {"f1": 0.25, "accuracy": 0.5, "note": "7", "runs": [1], "ap": None, "zero": 0, "odd": float("inf")}
    names, table = metric_values([{**about, **first}, {**about, **first, "accuracy": None, **second}])
    assert names == ["f1", "accuracy", "zero", "odd"]
    np.testing.assert_array_equal(table, [[0.25, 0.5, 0, np.nan], [1, np.nan, 0, np.nan]])


def test_no_cells_have_no_metrics() -> None:
    names, table = metric_values([])
    assert names == []
    assert table.shape == (0, 0)


@pytest.mark.parametrize(
    ("main_score", "cell", "expected"),
    [
        ("accuracy", {"main_score": 0.5, "scores_per_experiment": RUNS}, [0.4, 0.6]),
        ("f1", {"main_score": 0.15, "scores_per_experiment": RUNS}, [0.1, 0.2]),
        ("v_measure", {"main_score": 0.5, "v_measures": {"Level 0": [0.4], "Level 1": [0.6]}}, [0.4, 0.6]),
        ("v_measure", {"main_score": 0.5, "v_measures": [0.4, 0.6]}, [0.4, 0.6]),
        ("accuracy", {"main_score": 0.5, "v_measures": [0.4, 0.6]}, []),
        ("accuracy", {"main_score": 0.9, "scores_per_experiment": RUNS}, []),
        ("accuracy", {"main_score": 0.4, "scores_per_experiment": [{"accuracy": 0.4}, {"f1": 0.6}]}, []),
        ("accuracy", {"main_score": 0.5, "scores_per_experiment": "none"}, []),
        ("accuracy", {"main_score": None, "scores_per_experiment": RUNS}, []),
        ("v_measure", {"main_score": 0.5, "v_measures": {"Level 0": 0.5}}, []),
    ],
)
def test_repeated_runs_are_those_whose_mean_is_the_main_score(
    main_score: str, cell: dict[str, Any], expected: list[float]
) -> None:
    assert repeated_scores(cell, main_score) == expected


@pytest.mark.parametrize(
    ("task_type", "main_score", "expected"),
    [
        ("Classification", "accuracy", True),
        ("VideoClustering", "v_measure", True),
        ("Retrieval", "ndcg_at_10", False),
        ("BitextMining", "f1", False),
        ("VideoZeroshotClassification", "accuracy", False),
    ],
)
def test_files_are_searched_for_repeated_runs_where_there_may_be_some(
    task_type: str, main_score: str, expected: bool
) -> None:
    assert may_repeat(task_type, main_score) is expected
