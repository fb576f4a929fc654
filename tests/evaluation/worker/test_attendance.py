"""How a worker attends to a unit, whatever the evaluating process does."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Protocol

import psutil
import pytest
from django.db import IntegrityError, connection, transaction

from evaluation.failures import FailureClass
from evaluation.models import EvaluationUnit
from evaluation.services import runs, workers
from evaluation.worker.attendance import Attendance, Draining
from evaluation.worker.limits import Limits
from evaluation.worker.process import EvaluatingProcess
from leaderboard.models import Measurement
from tests.factories import make_task, result_json
from tests.factories_evaluation import claimed_unit, make_run, make_worker, surroundings

State = EvaluationUnit.State
TOKEN = "a token of no known kind"
PRELUDE = "import json, os, signal, sys, time\ndef say(**event): print(json.dumps(event), flush=True)\n"


class Attend(Protocol):
    def __call__(self, unit: EvaluationUnit, script: str) -> bool: ...


@pytest.fixture
def attend(tmp_path: Path) -> Iterator[Attend]:
    """Attends to the unit while a script runs in the place of the evaluation; says whether the process is good."""
    with ExitStack() as stack:

        def attend_script(unit: EvaluationUnit, script: str) -> bool:
            process = EvaluatingProcess(
                {},
                surroundings(tmp_path, folder=tmp_path, token=TOKEN),
                command=(sys.executable, "-c", PRELUDE + script),
            )
            return Attendance(unit, stack.enter_context(process)).attend()

        yield attend_script


def say_result(unit: EvaluationUnit) -> str:
    payload = result_json(unit.task, {"test": {"default": 0.5}}).decode()
    return f"say(event='result', payload={payload!r}, environment={{'seed': 42}})"


@pytest.mark.django_db
def test_a_result_is_stored_and_the_process_can_go_on(attend: Attend) -> None:
    unit = claimed_unit()
    assert attend(
        unit, f"print('words', file=sys.stderr, flush=True); time.sleep(0.3); {say_result(unit)}; time.sleep(9)"
    )
    unit.refresh_from_db()
    assert (unit.state, unit.environment, unit.log) == (State.DONE, {"seed": 42}, "words\n")


@pytest.mark.django_db
def test_what_was_measured_is_stored_with_the_result(attend: Attend) -> None:
    unit = claimed_unit()
    measured = {"hardware": "A processor", "device": "cpu", "n_texts": 10, "n_tokens": None, "encode_seconds": 0.5}
    assert attend(unit, say_result(unit).replace("say(", f"say(measurement={measured}, ") + "; time.sleep(9)")
    unit.refresh_from_db()
    stored = Measurement.objects.get()
    assert unit.result is not None
    assert (stored.model_revision, stored.variant, stored.task, stored.run) == (
        *(unit.result.model_revision, unit.result.variant, unit.task),
        unit.run_id,
    )
    assert (stored.texts_per_second, stored.tokens_per_second) == (20, None)
    with pytest.raises(IntegrityError), transaction.atomic():
        Measurement.objects.update(n_texts=11)


@pytest.mark.django_db
def test_a_failure_is_stored_with_its_class_words_and_log_but_without_secrets(attend: Attend) -> None:
    unit = claimed_unit()
    event = {
        "failure_class": "task",
        "message": f"Bad data at https://u:pw@host with {TOKEN}",
        "final": True,
        "whole_run": False,
        "environment": {},
    }
    assert not attend(unit, f"print('trace', file=sys.stderr); time.sleep(0.3); say(event='failure', **{event!r})")
    unit.refresh_from_db()
    assert (unit.state, unit.failure_class, unit.log) == (State.FAILED, FailureClass.TASK, "trace\n")
    assert unit.error == "Bad data at https://[secret removed]@host with [secret removed]"


@pytest.mark.django_db
def test_a_process_killed_by_the_system_counts_as_out_of_memory(attend: Attend) -> None:
    unit = claimed_unit()
    assert not attend(unit, "say(event='progress', progress='evaluating'); os.kill(os.getpid(), signal.SIGKILL)")
    unit.refresh_from_db()
    assert (unit.state, unit.failure_class, unit.batch_size) == (State.QUEUED, FailureClass.MEMORY, 16)


@pytest.mark.django_db
def test_a_model_that_is_killed_twice_while_loading_goes_to_a_larger_worker_with_its_run(
    attend: Attend,
) -> None:
    worker, _ = make_worker(memory_mb=1000), make_worker(memory_mb=4000)
    run = make_run(2)
    unit = claimed_unit(run, worker)
    loading = "say(event='progress', progress='loading the model')"
    assert not attend(unit, f"{loading}; os.kill(os.getpid(), signal.SIGKILL)")
    unit.refresh_from_db()
    assert (unit.state, unit.needs_memory_mb, unit.batch_size) == (State.QUEUED, None, None), "Anybody may do it once."
    unit = claimed_unit(run, worker)
    assert not attend(unit, f"{loading}; os.kill(os.getpid(), signal.SIGKILL)")
    assert {(one.state, one.needs_memory_mb, one.batch_size) for one in run.units.all()} == {(State.QUEUED, 1001, None)}
    unit.refresh_from_db()
    assert unit.failure_class == FailureClass.MEMORY


@pytest.mark.django_db
def test_a_crashed_process_is_tried_again(attend: Attend) -> None:
    unit = claimed_unit()
    assert not attend(unit, "os.kill(os.getpid(), signal.SIGSEGV)")
    unit.refresh_from_db()
    assert (unit.state, unit.failure_class) == (State.QUEUED, FailureClass.INFRASTRUCTURE)


@pytest.mark.django_db
def test_what_takes_too_long_fails(attend: Attend, settings: Any) -> None:
    settings.EVALUATION_TIME_LIMIT_SECONDS = 1
    unit = claimed_unit()
    assert not attend(unit, "time.sleep(60)")
    unit.refresh_from_db()
    assert (unit.state, unit.failure_class) == (State.FAILED, FailureClass.TIME)


@pytest.mark.django_db(transaction=True)
def test_a_cancelled_run_ends_the_evaluation_within_seconds(attend: Attend) -> None:
    unit = claimed_unit()

    def cancel() -> None:
        time.sleep(1)
        runs.cancel_run(run=unit.run)
        connection.close()

    thread = threading.Thread(target=cancel)
    thread.start()
    began = time.monotonic()
    assert not attend(unit, "time.sleep(60)")
    assert time.monotonic() - began < 5
    thread.join()
    unit.refresh_from_db()
    assert unit.state == State.CANCELLED


@pytest.mark.django_db
def test_a_draining_worker_stops_in_the_middle(attend: Attend) -> None:
    worker = make_worker()
    unit = claimed_unit(worker=worker)
    workers.drain_worker(worker=worker)
    with pytest.raises(Draining):
        attend(unit, "time.sleep(60)")


@pytest.mark.django_db(transaction=True)
def test_progress_and_log_are_published_while_it_runs(attend: Attend) -> None:
    unit = claimed_unit()
    seen: list[tuple[str, str]] = []

    def look() -> None:
        while not seen:
            current = EvaluationUnit.objects.get()
            if current.progress == "evaluating":
                seen.append((current.progress, current.log))
            time.sleep(0.1)
        runs.cancel_run(run=unit.run)
        connection.close()

    thread = threading.Thread(target=look)
    thread.start()
    words = "print('loading', file=sys.stderr, flush=True)"
    attend(unit, f"{words}; say(event='progress', progress='evaluating'); time.sleep(60)")
    thread.join()
    assert seen == [("evaluating", "loading\n")]


@pytest.mark.django_db
def test_a_result_that_cannot_be_stored_fails_with_the_reason(attend: Attend) -> None:
    unit = claimed_unit()
    attend(unit, say_result(unit).replace("say(", "say(measurement={'device': 'cpu'}, "))
    unit.refresh_from_db()
    assert (unit.state, unit.failure_class) == (State.FAILED, FailureClass.INFRASTRUCTURE)
    assert unit.error.startswith("The result could not be stored")


@pytest.mark.django_db
@pytest.mark.parametrize("is_private", [False, True])
@pytest.mark.parametrize(
    ("score", "words"),
    [
        (float("nan"), "The main score of Task is missing or NaN in 1 of its parts."),
        (None, "cannot be read"),
    ],
)
def test_a_result_without_its_score_is_the_models_fault(
    attend: Attend, score: float | None, words: str, *, is_private: bool
) -> None:
    unit = claimed_unit(make_run([make_task("Task")], is_private=is_private))
    payload = "no result" if score is None else result_json(unit.task, {"test": {"default": score}}).decode()
    attend(unit, f"say(event='result', payload={payload!r}, environment={{}})")
    unit.refresh_from_db()
    assert (unit.state, unit.failure_class) == (State.FAILED, FailureClass.MODEL_CODE)
    assert words in unit.error


@pytest.mark.django_db
@pytest.mark.parametrize(
    "said",
    [
        "print('no event at all', flush=True)",
        "say(event='result')",
        "say(event='result', payload=[], environment={})",
        "say(event='failure', failure_class='fate', message='It was to be.')",
        "say(event=['result'])",
        "say(event='failure', failure_class=['task'], message='It was to be.')",
        "say(event='failure', failure_class='task', message='\\0')",
        "print('[' * 100_000, flush=True)",
        "print('[1, 2]', flush=True)",
    ],
)
def test_nonsense_from_the_evaluating_process_is_the_models_fault_and_the_worker_goes_on(
    attend: Attend, said: str
) -> None:
    unit = claimed_unit()
    assert not attend(unit, f"{said}; time.sleep(60)")
    unit.refresh_from_db()
    assert (unit.state, unit.failure_class) == (State.FAILED, FailureClass.MODEL_CODE)


@pytest.mark.django_db
def test_what_the_database_cannot_store_is_left_out_of_what_a_process_says(attend: Attend) -> None:
    unit = claimed_unit()
    script = (
        "say(event='progress', progress='load\\0ing \\ud83d'); print('lo\\0g', file=sys.stderr, flush=True)\n"
        "time.sleep(0.5)\n"
        "found = {'se\\0ed': float('inf'), 'prompts': ['a\\udfff', float('nan')]}\n"
        "say(event='failure', failure_class='task', message='No \\0 and no \\ud800.', final=True, environment=found)"
    )
    assert not attend(unit, script)
    unit.refresh_from_db()
    assert (unit.state, unit.error, unit.log) == (State.FAILED, "No  and no .", "log\n")
    assert unit.environment == {"seed": None, "prompts": ["a", None]}


@pytest.mark.django_db
def test_a_model_that_never_loads_has_less_time_than_a_task(attend: Attend, settings: Any) -> None:
    settings.EVALUATION_LOADING_LIMIT_SECONDS = 1
    unit = claimed_unit()
    assert not attend(unit, "say(event='progress', progress='loading the model'); time.sleep(60)")
    unit.refresh_from_db()
    assert (unit.state, unit.failure_class) == (State.FAILED, FailureClass.TIME)
    assert unit.error == "The model took longer than 1 seconds to load and to be tried."


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("script", "failure_class", "words"),
    [
        ("hoard = [bytes([1]) * 2**20 for _ in range(900)]", FailureClass.MEMORY, "took more than the 600 MiB"),
        ("[os.fork() for _ in range(6)]", FailureClass.MODEL_CODE, "started more than 20 processes"),
        (
            "[open(os.environ['HOME'] + f'/{i}', 'wb').write(b'x' * 2**20) for i in range(90)]",
            FailureClass.MODEL_CODE,
            "wrote more than 50 MiB of files",
        ),
    ],
)
def test_what_takes_more_than_it_may_is_stopped_with_all_that_it_started(
    tmp_path: Path, script: str, failure_class: FailureClass, words: str
) -> None:
    unit = claimed_unit()
    limits = Limits(memory_mb=600, processes=20, disk_mb=50, file_mb=50)
    with EvaluatingProcess(
        {},
        surroundings(tmp_path, folder=tmp_path, limits=limits),
        command=(sys.executable, "-c", f"{PRELUDE}{script}\ntime.sleep(60)"),
    ) as process:
        started = psutil.Process(process.pid)
        assert not Attendance(unit, process).attend()
        family = [started, *started.children(recursive=True)]
    unit.refresh_from_db()
    assert (unit.failure_class, words in unit.error) == (failure_class, True), unit.error
    assert [one for one in family if one.is_running() and one.status() != psutil.STATUS_ZOMBIE] == []
