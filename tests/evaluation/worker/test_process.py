"""The evaluating process seen from the worker: what it knows, what it says, how it ends."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psutil
import pytest

from evaluation.worker.process import EvaluatingProcess
from tests.factories_evaluation import surroundings

Start = Callable[[str], EvaluatingProcess]

SAY = "import json, os, sys, time\ndef say(**event): print(json.dumps(event), flush=True)\n"


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts a process that runs the script in the place of the evaluation."""
    with ExitStack() as stack:
        yield lambda script: stack.enter_context(
            EvaluatingProcess(
                {"name": "example/model"},
                surroundings(tmp_path, folder=tmp_path),
                command=(sys.executable, "-c", SAY + script),
            )
        )


def first_event(process: EvaluatingProcess, seconds: float = 10) -> dict[str, Any]:
    for event in process.events(seconds):
        return event
    raise AssertionError("The process said nothing.")


def test_the_process_knows_nothing_but_what_is_on_the_list(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", "PODIUM_SECRET_KEY", "PODIUM_WORKER", "AWS_SECRET_ACCESS_KEY", "PGPASSWORD"):
        monkeypatch.setenv(name, "not for models")
    monkeypatch.setenv("HF_ENDPOINT", "http://hub.example")
    monkeypatch.setenv("MTEB_CACHE", "/results")
    monkeypatch.delenv("HF_HOME", raising=False)
    known = first_event(start("say(**os.environ)"))
    assert "not for models" not in known.values()
    assert "MTEB_CACHE" not in known
    assert known["HF_ENDPOINT"] == "http://hub.example"
    assert known["HF_HOME"].endswith("/hf")
    assert known["HOME"] != os.environ.get("HOME")


def test_the_hub_cache_of_the_worker_is_used_where_it_has_one(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HOME", "/shared/hf")
    assert first_event(start("say(**os.environ)"))["HF_HOME"] == "/shared/hf"


def test_the_process_leads_a_session_of_its_own(start: Start) -> None:
    said = first_event(start("say(session=os.getsid(0), process=os.getpid())"))
    assert said["session"] == said["process"]


def test_orders_arrive_as_lines(start: Start) -> None:
    process = start("say(model=json.loads(input())); say(order=json.loads(input()))")
    assert first_event(process)["model"]["model"] == {"name": "example/model"}
    process.order({"name": "STS13"}, batch_size=8)
    assert first_event(process) == {"order": {"task": {"name": "STS13"}, "batch_size": 8, "keeps_predictions": False}}


def test_a_large_event_arrives_whole(start: Start) -> None:
    assert len(first_event(start("say(payload='x' * 5_000_000)"))["payload"]) == 5_000_000


def test_the_log_has_no_secret_of_the_worker(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "an-unusual-token")
    process = start(
        "print('using', os.environ['HF_TOKEN'], file=sys.stderr, flush=True); time.sleep(0.3); say(event=1)"
    )
    first_event(process)
    assert process.log == "using [secret removed]\n"


def test_each_order_begins_a_log_of_its_own(start: Start) -> None:
    process = start(
        "input()\nfor number in range(2):\n input()\n"
        " print('order', number, file=sys.stderr, flush=True); time.sleep(0.3); say(event=number)"
    )
    for number in range(2):
        process.order({"name": "STS13"}, batch_size=32)
        first_event(process)
        assert process.log == f"order {number}\n"


def test_silence_ends_after_the_time_given(start: Start) -> None:
    process = start("time.sleep(60)")
    began = time.monotonic()
    assert list(process.events(0.3)) == []
    assert time.monotonic() - began < 5
    assert process.return_code is None


def test_a_process_that_ends_is_noticed_before_the_time_is_over(start: Start) -> None:
    process = start("sys.exit(3)")
    began = time.monotonic()
    assert list(process.events(30)) == []
    assert time.monotonic() - began < 10
    assert process.return_code == 3
    process.order({"name": "STS13"}, batch_size=32)


def test_ending_it_ends_its_children_too(start: Start) -> None:
    process = start("import subprocess; say(child=subprocess.Popen(['sleep', '60']).pid); time.sleep(60)")
    child = psutil.Process(first_event(process)["child"])
    process.end()
    assert psutil.wait_procs([child], timeout=5)[1] == []


def test_its_home_is_gone_when_it_has_ended(start: Start) -> None:
    process = start("open(os.path.join(os.environ['HOME'], 'trace'), 'w').close(); say(home=os.environ['HOME'])")
    home = Path(first_event(process)["home"])
    assert home.is_dir()
    process.end()
    assert not home.exists()


def test_events_are_plain_json(start: Start) -> None:
    assert json.dumps(first_event(start("say(text='naïve ☃')"))) == json.dumps({"text": "naïve ☃"})
