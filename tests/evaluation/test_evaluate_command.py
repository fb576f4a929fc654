"""What `manage.py evaluate` says about what it was asked for."""

from __future__ import annotations

import json
import threading
import time
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from evaluation.models import EvaluationRun
from evaluation.services import claims
from leaderboard.models import ModelMeta, Origin
from tests.factories import make_benchmark, make_model, make_task, result_json
from tests.factories_evaluation import make_worker

pytestmark = pytest.mark.django_db

NOBODY = "http://127.0.0.1:9"


def evaluate(*arguments: str) -> str:
    out = StringIO()
    call_command("evaluate", *arguments, stdout=out, stderr=StringIO())
    return out.getvalue()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    model = tmp_path / "my-model"
    model.mkdir()
    (model / "modules.json").write_text("[]")
    return model


def test_a_registry_model_is_evaluated_at_the_revision_of_the_registry(settings: Any) -> None:
    settings.HF_ENDPOINT = NOBODY
    model_meta = make_model("org/model", registry_revision="c" * 40)
    make_task("STS13")
    evaluate("org/model", "--task", "STS13")
    run = EvaluationRun.objects.get()
    assert (run.model_meta, run.revision, run.state) == (model_meta, "c" * 40, EvaluationRun.State.QUEUED)


def test_a_folder_becomes_a_model_whose_revision_is_its_content(folder: Path) -> None:
    make_task("STS13")
    evaluate(str(folder), "--task", "STS13")
    (folder / "model.safetensors").write_bytes(b"weights")
    evaluate(str(folder), "--task", "STS13")
    model_meta = ModelMeta.objects.get()
    assert (model_meta.name, model_meta.local_path) == ("local/my-model", str(folder))
    assert (model_meta.origin, model_meta.in_registry) == (Origin.RESULTS, False)
    later, earlier = EvaluationRun.objects.all()
    assert later.revision != earlier.revision
    assert later.pinned_by_content


def test_a_folder_may_have_a_name_of_its_own(folder: Path) -> None:
    make_task("STS13")
    evaluate(str(folder), "--name", "acme/model", "--task", "STS13")
    assert ModelMeta.objects.get().name == "acme/model"


def test_a_model_of_a_folder_is_found_again_by_its_name(folder: Path) -> None:
    make_task("STS13")
    evaluate(str(folder), "--task", "STS13")
    evaluate("local/my-model", "--task", "STS13")
    again, first = EvaluationRun.objects.all()
    assert (again.model_meta, again.local_path, again.revision) == (first.model_meta, str(folder), first.revision)


def test_all_tasks_of_a_benchmark_are_evaluated_each_once() -> None:
    make_model("org/model", registry_revision="c" * 40)
    tasks = [make_task(), make_task()]
    make_benchmark("Ours", tasks, aliases=["ours"])
    evaluate("org/model", "--benchmark", "ours", "--task", tasks[0].name)
    assert EvaluationRun.objects.get().units.count() == 2


def test_without_waiting_the_run_is_named() -> None:
    make_model("org/model", registry_revision="c" * 40)
    make_task("STS13")
    said = json.loads(evaluate("org/model", "--task", "STS13", "--format", "json"))
    assert said == {"run": EvaluationRun.objects.get().pk, "address": EvaluationRun.objects.get().get_absolute_url()}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["org/model"], "Say what to evaluate on"),
        (["org/model", "--task", "STS31"], "There is no task “STS31”. Did you mean STS13?"),
        (["org/model", "--task", "sts13"], "Did you mean STS13"),
        (["org/model", "--benchmark", "MTEB(eng)"], "There is no benchmark “MTEB(eng)”. Did you mean MTEB(eng, v2)?"),
        (["./nowhere", "--task", "STS13"], "There is no folder ./nowhere."),
        (["/tmp", "--task", "STS13"], "is no model"),  # noqa: S108
        (["org/model", "--name", "x", "--task", "STS13"], "--name is for models in a local folder"),
        (["org/modle", "--task", "STS13"], f"The Hub at {NOBODY} does not answer"),
        (["org/model", "--revision", "main", "--task", "STS13"], f"The Hub at {NOBODY} does not answer"),
    ],
)
def test_a_mistake_gets_one_clear_sentence(arguments: list[str], words: str, settings: Any) -> None:
    settings.HF_ENDPOINT = NOBODY
    make_model("org/model", registry_revision="c" * 40)
    make_benchmark("MTEB(eng, v2)", [make_task("STS13")])
    with pytest.raises(CommandError) as caught:
        evaluate(*arguments)
    assert words in str(caught.value)
    assert not EvaluationRun.objects.exists()


def test_before_the_registry_was_read_the_command_says_so() -> None:
    with pytest.raises(CommandError, match="sync_registry first"):
        evaluate("org/model", "--task", "STS13")


def test_a_folder_may_stand_in_for_a_model_of_the_hub_for_one_run(folder: Path) -> None:
    model_meta = make_model("org/model", registry_revision="c" * 40)
    make_task("STS13")
    evaluate(str(folder), "--name", "org/model", "--revision", "c" * 40, "--task", "STS13")
    evaluate("org/model", "--task", "STS13")
    from_hub, from_folder = EvaluationRun.objects.all()
    assert (from_folder.model_meta, from_folder.local_path) == (model_meta, str(folder))
    assert (from_hub.model_meta, from_hub.local_path) == (model_meta, "")


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("err", [Terminal(), StringIO()])
def test_who_waits_at_a_terminal_sees_a_bar_below_the_lines_and_others_lines_only(
    err: StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    make_model("org/model", registry_revision="c" * 40)
    make_task("STS13")
    make_worker()

    def work() -> None:
        while (unit := claims.claim()) is None:
            time.sleep(0.05)
        claims.finish_unit(unit=unit, payload=result_json(unit.task, {"test": {"default": 0.5}}), environment={})
        connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    out = StringIO()
    call_command("evaluate", "org/model", "--task", "STS13", "--wait", stdout=out, stderr=err)
    thread.join()
    assert out.getvalue().split() == ["STS13", "50.00"]
    said, is_terminal = capsys.readouterr().err, err.isatty()
    assert "STS13: done, main score 0.50000\n" in (said if is_terminal else err.getvalue())
    assert ("1/1" in said) is is_terminal
