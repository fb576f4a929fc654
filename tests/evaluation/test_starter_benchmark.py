"""The starter benchmark and custom tasks of every shape, evaluated by mteb with the two models of the demo."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest
from django.conf import settings

from evaluation.custom.benchmarks import BenchmarkDefinition, read_benchmark_folder
from evaluation.custom.tasks import TASK_KINDS, read_task_folder
from evaluation.demo_models import DemoModel
from tests.factories_custom_tasks import ROWS, make_task_folder, write_rows

STARTER = settings.BASE_DIR / "evaluation" / "starter"
TASK_NAMES = [task.name for task in read_benchmark_folder(STARTER).tasks]
MINILM, GLOVE = "minilm", "glove"

Results = dict[tuple[str, str], dict[str, Any]]


def evaluate(models: dict[str, Path], definitions: list[dict[str, Any]], folder: Path) -> Results:
    target = folder / "results.json"
    subprocess.run(
        [sys.executable, "-m", "tests.evaluation.evaluate_definitions", str(target)],
        cwd=settings.BASE_DIR,
        env={**os.environ, "HF_HUB_OFFLINE": "1", "TQDM_DISABLE": "1"},
        input=json.dumps({"models": {name: str(path) for name, path in models.items()}, "definitions": definitions}),
        text=True,
        capture_output=True,
        check=True,
    )
    return {(result["model"], result["task"]): result for result in json.loads(target.read_text())}


@pytest.fixture(scope="session")
def starter() -> BenchmarkDefinition:
    return read_benchmark_folder(STARTER)


@pytest.fixture(scope="session")
def starter_results(
    starter: BenchmarkDefinition, demo_models: list[DemoModel], tmp_path_factory: pytest.TempPathFactory
) -> Results:
    models = {MINILM: demo_models[0].path, GLOVE: demo_models[1].path}
    return evaluate(models, [task.to_json() for task in starter.tasks], tmp_path_factory.mktemp("starter"))


def odd_definitions(folder: Path) -> Iterator[dict[str, Any]]:
    """Shapes that the starter benchmark does not have."""
    sts = ROWS["STS"]["test.jsonl"]
    two_splits = make_task_folder(folder / "two", files={"dev.jsonl": sts}, name="TwoSplits", splits=["dev", "test"])
    yield read_task_folder(two_splits).to_json()

    retrieval = make_task_folder(folder / "retrieval", "Retrieval", name="RetrievalSubsets", languages=None)
    with (retrieval / "task.toml").open("a") as file:
        file.write('[subsets]\neng = ["eng-Latn"]\ndeu = ["deu-Latn"]\n')
    for subset in ("eng", "deu"):
        for name, rows in ROWS["Retrieval"].items():
            write_rows(retrieval / subset / name, rows)
    yield read_task_folder(retrieval).to_json()

    numbers = [{"text": row["text"], "label": len(row["label"])} for row in ROWS["Classification"]["train.jsonl"]]
    files = {"train.jsonl": numbers, "test.jsonl": numbers}
    own_words = {"domains": ["Furniture"], "subtypes": ["Mood"], "license": "our own", "main_score": "f1"}
    yield read_task_folder(
        make_task_folder(folder / "numbers", "Classification", files, name="Numbers", **own_words)
    ).to_json()

    changed = make_task_folder(folder / "changed", name="Changed")
    definition = read_task_folder(changed).to_json()
    write_rows(changed / "test.jsonl", sts[:2])
    yield definition


@pytest.fixture(scope="session")
def odd_results(demo_models: list[DemoModel], tmp_path_factory: pytest.TempPathFactory) -> Results:
    folder = tmp_path_factory.mktemp("odd")
    return evaluate({GLOVE: demo_models[1].path}, list(odd_definitions(folder)), folder)


def test_the_starter_benchmark_has_a_task_of_each_of_the_seven_common_types(starter: BenchmarkDefinition) -> None:
    types = {task.type for task in starter.tasks}
    assert len(types) == 7
    assert types < set(TASK_KINDS)
    assert {code for task in starter.tasks for code in task.languages} >= {
        "eng-Latn",
        "deu-Latn",
        "fra-Latn",
        "spa-Latn",
    }


@pytest.mark.slow
@pytest.mark.parametrize("task_name", TASK_NAMES)
def test_each_starter_task_tells_the_transformer_from_the_word_vectors(
    starter_results: Results, task_name: str
) -> None:
    minilm, glove = (starter_results[model, task_name]["main_score"] for model in (MINILM, GLOVE))
    assert glove < minilm < 0.95


@pytest.mark.slow
def test_the_ranking_of_the_starter_benchmark_is_clear(starter_results: Results) -> None:
    means = {
        model: fmean(starter_results[model, name]["main_score"] for name in TASK_NAMES) for model in (MINILM, GLOVE)
    }
    assert 0.55 < means[MINILM] < 0.70
    assert 0.30 < means[GLOVE] < 0.45


@pytest.mark.slow
def test_results_name_the_dataset_revision_and_the_subsets_with_their_languages(
    starter: BenchmarkDefinition, starter_results: Results
) -> None:
    result = starter_results[MINILM, "StarterBitextMining"]
    (definition,) = (task for task in starter.tasks if task.name == "StarterBitextMining")
    assert result["dataset_revision"] == definition.dataset_revision
    assert result["languages"] == {subset: list(codes) for subset, codes in definition.subsets.items()}


@pytest.mark.slow
def test_splits_and_subsets_are_scored_each(odd_results: Results) -> None:
    two_splits = odd_results[GLOVE, "TwoSplits"]["scores"]
    assert two_splits["dev"] == two_splits["test"]
    subsets = odd_results[GLOVE, "RetrievalSubsets"]["scores"]["test"]
    assert subsets["eng"] == subsets["deu"] == 1


@pytest.mark.slow
def test_domains_and_licences_unknown_to_mteb_do_not_hinder_an_evaluation(odd_results: Results) -> None:
    assert odd_results[GLOVE, "Numbers"]["main_score"] == 1


@pytest.mark.slow
def test_data_that_changed_since_the_task_was_added_are_not_scored(odd_results: Results) -> None:
    error = odd_results[GLOVE, "Changed"]["error"]
    assert error.startswith("DataChangedError: The data of Changed in ")
    assert "run manage.py add_tasks for its benchmark folder again" in error
