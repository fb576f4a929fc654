"""Each type of custom task scores a model as mteb's own class does, and takes a metric of its own."""

from __future__ import annotations

import json
import math
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from evaluation.custom.tasks import TASK_KINDS, read_task_folder
from evaluation.demo_models import DemoModel
from tests.factories_custom_tasks import make_task_folder

pytestmark = pytest.mark.slow

Compared = dict[str, dict[str, Any]]
SETTINGS_OF_OWN_METRIC = [name for name, kind in TASK_KINDS.items() if kind.takes_own_metric]
LISTS = "assert len(predictions) == len(truth), (predictions, truth)\n"
METRICS = {
    "STS": LISTS + "assert truth == [4.5, 0.0, 2.0]\nreturn max(predictions)",
    "PairClassification": LISTS + "assert truth == [1, 0, 1]\nreturn predictions[0]",
    "Classification": LISTS
    + "assert truth == ['praise', 'fault']\nreturn sum(map(str.__eq__, predictions, truth)) / 2",
    "MultilabelClassification": LISTS
    + "assert truth[0] == ['food', 'home']\nassert {label for row in predictions for label in row} <= "
    "{'food', 'home', 'sport'}\nreturn sum(len(row) for row in predictions)",
    "Retrieval": "assert truth['q1'] == {'d1': 2}\nreturn predictions['q1']['d1']",
    "InstructionRetrieval": "assert truth['q1'] == {'d3': 1}\nreturn predictions['q1']['d3']",
    "Reranking": LISTS + "return sum(map(len, predictions.values()))",
    "InstructionReranking": LISTS + "return sum(map(len, predictions.values()))",
    "BitextMining": LISTS + "assert truth == [0, 1]\nreturn sum(map(int.__eq__, predictions, truth)) / 2",
    "Summarization": LISTS + "assert truth[0] == [1.0, 0.2, 0.7]\nreturn predictions[0][0]",
}


def code_of(body: str) -> str:
    return "def score(predictions, truth):\n" + "".join(f"    {line}\n" for line in body.splitlines())


def with_metric(folder: Path, task_type: str, code: str, **fields: Any) -> dict[str, Any]:
    fields = {"main_score": "our_own", **fields}
    (folder / "metric.py").parent.mkdir(parents=True)
    (folder / "metric.py").write_text(code)
    return read_task_folder(make_task_folder(folder, task_type, **fields)).to_json()


def definitions(folder: Path) -> Iterator[dict[str, Any]]:
    for task_type in TASK_KINDS:
        yield read_task_folder(make_task_folder(folder / task_type, task_type)).to_json()
    for task_type, body in METRICS.items():
        yield with_metric(folder / f"own-{task_type}", task_type, code_of(body), name=f"Own{task_type}")
    failing = {"Raises": "return 1 / 0", "NotFinite": "return float('nan')", "NoNumber": "return 'good'"}
    for name, body in failing.items():
        yield with_metric(folder / name, "STS", code_of(body), name=name)
    waiting = with_metric(folder / "waiting", "STS", code_of("return 1"), name="Waiting")
    yield waiting | {"metric": {**waiting["metric"], "code": None}}
    other = with_metric(folder / "other", "STS", code_of("return 1"), name="OtherCode")
    yield other | {"metric": {**other["metric"], "code": code_of("return 2")}}


@pytest.fixture(scope="module")
def compared(demo_models: list[DemoModel], tmp_path_factory: pytest.TempPathFactory) -> Compared:
    folder = tmp_path_factory.mktemp("types")
    target = folder / "compared.json"
    done = subprocess.run(
        [sys.executable, "-m", "tests.evaluation.compare_with_mteb", str(target)],
        cwd=settings.BASE_DIR,
        env={**os.environ, "HF_HUB_OFFLINE": "1", "TQDM_DISABLE": "1", "HF_HOME": str(folder / "hf")},
        input=json.dumps({"model": str(demo_models[1].path), "definitions": list(definitions(folder))}),
        text=True,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found: Compared = json.loads(target.read_text())
    return found


@pytest.mark.parametrize("task_type", TASK_KINDS)
def test_every_metric_of_a_type_is_the_one_that_mtebs_class_gives(compared: Compared, task_type: str) -> None:
    result = compared[f"Tiny{task_type}"]
    assert "error" not in result, result
    assert set(result["ours"]) == set(result["mtebs"])
    assert TASK_KINDS[task_type].main_score in result["ours"]
    differing = {
        name: (value, result["mtebs"][name])
        for name, value in result["ours"].items()
        if not (math.isclose(value, result["mtebs"][name], abs_tol=1e-9) or math.isnan(value))
    }
    assert not differing


@pytest.mark.parametrize("task_type", TASK_KINDS)
def test_every_metric_that_mteb_reports_can_be_named_as_the_main_score(compared: Compared, task_type: str) -> None:
    no_scores = r"main_score|n_experiments|.*_std|.*threshold.*|.*_scores"
    reported = [name for name in compared[f"Tiny{task_type}"]["mtebs"] if not re.fullmatch(no_scores, name)]
    refused = [name for name in reported if not re.fullmatch(TASK_KINDS[task_type].main_scores, name)]
    assert not refused


@pytest.mark.parametrize("task_type", SETTINGS_OF_OWN_METRIC)
def test_a_metric_of_its_own_becomes_the_main_score(compared: Compared, task_type: str) -> None:
    result = compared[f"Own{task_type}"]
    assert "error" not in result, result
    assert result["ours"]["main_score"] == result["ours"]["our_own"]
    assert TASK_KINDS[task_type].main_score in result["ours"]
    assert result["kept"]["our_own"] == result["ours"]["our_own"]
    assert result["predictions"]


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("Raises", "The metric of Raises failed (ZeroDivisionError: division by zero)."),
        ("NotFinite", "The metric of NotFinite gave nan; it must give a finite number."),
        ("NoNumber", "The metric of NoNumber gave 'good'; it must give a number."),
        ("Waiting", "The metric of Waiting waits for a moderator to approve its code"),
        ("OtherCode", "The metric of OtherCode is not the code that was approved"),
    ],
)
def test_a_metric_that_fails_or_was_not_approved_says_so(compared: Compared, name: str, error: str) -> None:
    assert compared[name]["error"].startswith(f"MetricError: {error}")
