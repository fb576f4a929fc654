"""Every metric of a result file."""

import json
from typing import Any

from leaderboard.result_files import TaskFacts
from leaderboard.result_metrics import CellMetrics, cell_metrics

TASKS = {"STS12": TaskFacts("cosine_spearman", ["eng-Latn"])}


def read(metric: str = "accuracy", **entry: Any) -> CellMetrics:
    """The first cell of a file with that entry."""
    entries = [{"hf_subset": "default", "languages": ["eng-Latn"], **entry}]
    content = json.dumps({"task_name": "T", "scores": {"test": entries}}).encode()
    return cell_metrics(content, {}, metric)[0]


def test_metrics_are_the_numbers_of_a_cell() -> None:
    found = read(main_score=0.5, accuracy=0.5, f1=1, evaluation_time=3.5, ap=None, note="x", nan=float("nan"))
    assert found.metrics == {"accuracy": 0.5, "f1": 1.0}
    assert found.repeated == []


def test_cells_stand_in_the_order_of_the_file_whatever_its_age() -> None:
    old = {"mteb_dataset_name": "STS12", "test": {"cos_sim": {"spearman": 0.7}}, "dev": {"cos_sim": {"spearman": 0.6}}}
    found = cell_metrics(json.dumps(old).encode(), TASKS, "cosine_spearman")
    assert [cell.metrics for cell in found] == [{"cosine_spearman": 0.7}, {"cosine_spearman": 0.6}]


def test_repeated_runs_are_those_of_the_main_score() -> None:
    experiments = [{"accuracy": 0.4, "f1": 0.1}, {"accuracy": 0.6, "f1": 0.2}]
    assert read(main_score=0.5, scores_per_experiment=experiments).repeated == [0.4, 0.6]
    assert read("f1", main_score=0.15, scores_per_experiment=experiments).repeated == [0.1, 0.2]
    assert read("v_measure", main_score=0.5, v_measures={"Level 0": [0.4], "Level 1": [0.6]}).repeated == [0.4, 0.6]
    assert read("v_measure", main_score=0.5, v_measures=[0.4, 0.6]).repeated == [0.4, 0.6]


def test_runs_whose_mean_is_another_score_or_that_lack_a_number_are_no_repeated_runs() -> None:
    assert read(main_score=0.9, scores_per_experiment=[{"accuracy": 0.4}, {"accuracy": 0.6}]).repeated == []
    assert read(main_score=0.5, scores_per_experiment=[{"accuracy": 0.5}, {"f1": 0.6}]).repeated == []
    assert read(main_score=0.5, scores_per_experiment="none", v_measures={"Level 0": 0.5}).repeated == []
    assert read(main_score=None, scores_per_experiment=[{"accuracy": 0.5}]).repeated == []
