"""Logs as people follow them, through a real server, and as they read them afterwards."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django.live_server_helper import LiveServer

from evaluation.failures import Failure, FailureClass
from evaluation.logs import stream
from evaluation.models import AttemptLog, EvaluationUnit
from evaluation.services import claims
from evaluation.services.attempts import record_attempt
from evaluation.services.runs import cancel_run
from tests.factories_evaluation import claimed_unit, make_run, make_worker


class Stream:
    """A browser's end of the events."""

    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.response = response

    def events(self) -> Iterator[dict[str, Any]]:
        event: dict[str, Any] = {}
        for line in iter(self.response.readline, b""):
            name, _, value = line.decode().rstrip("\n").partition(": ")
            if name:
                event[name] = value
            elif event:
                yield event
                event = {}

    def logs(self) -> Iterator[dict[str, Any]]:
        """What log events say, with their id; nothing more after the end."""
        for event in self.events():
            if event.get("event") == "end":
                return
            if event.get("event") == "log":
                yield {**json.loads(event["data"]), "id": event["id"]}


@contextmanager
def opened(server: LiveServer, run_id: int, user: User, **headers: str) -> Iterator[http.client.HTTPResponse]:
    client = Client()
    client.force_login(user)
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=20)
    cookie = f"sessionid={client.cookies['sessionid'].value}"
    connection.request("GET", f"/runs/{run_id}/log/stream/", headers={"Cookie": cookie, **headers})
    with closing(connection), closing(connection.getresponse()) as response:
        yield response


@pytest.fixture
def quick(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Streams that look often and end soon; all of them have ended when the test has."""
    monkeypatch.setattr(stream, "POLL_SECONDS", 0.05)
    monkeypatch.setattr(stream, "STREAM_SECONDS", 3.0)
    monkeypatch.setattr(stream, "KEEP_ALIVE_SECONDS", 0.1)
    yield
    places = stream.free_places
    assert all(places.acquire(timeout=5) for _ in range(stream.MAX_STREAMS))
    places.release(stream.MAX_STREAMS)


@pytest.fixture
def unit(transactional_db: None) -> EvaluationUnit:
    submitter = User.objects.create_user("submitter")
    return claimed_unit(make_run(2, requested_by=submitter), worker=make_worker())


def write(unit: EvaluationUnit, log: str) -> None:
    claims.heartbeat(unit=unit, progress="evaluating", log=log)


@pytest.mark.usefixtures("quick")
def test_lines_arrive_as_they_are_written_until_the_run_has_ended(
    live_server: LiveServer, unit: EvaluationUnit
) -> None:
    write(unit, "one\ntwo\nthr")
    with opened(live_server, unit.run_id, User.objects.get(), **{"Accept-Encoding": "gzip"}) as response:
        assert (response.status, response.headers["Content-Type"]) == (200, "text/event-stream")
        assert response.headers["Content-Encoding"] == "identity"
        assert "no-store" in response.headers["Cache-Control"]
        logs = Stream(response).logs()
        first = next(logs)
        assert (first["task"], first["anew"]) == (unit.task.name, True)
        assert (first["lines"], first["partial"]) == ("one\ntwo\n", "thr")
        write(unit, "one\ntwo\nthree\nfour\n")
        second = next(logs)
        assert (second["anew"], second["lines"], second["partial"]) == (False, "three\nfour\n", "")
        cancel_run(run=unit.run)
        assert list(logs) == []


@pytest.mark.usefixtures("quick")
def test_a_browser_that_comes_back_gets_only_what_it_lacks(live_server: LiveServer, unit: EvaluationUnit) -> None:
    user = User.objects.get()
    write(unit, "".join(f"line {number}\n" for number in range(5000)))
    with opened(live_server, unit.run_id, user) as response:
        last = next(Stream(response).logs())
    assert last["lines"].startswith("line 0\n")
    write(unit, "".join(f"line {number}\n" for number in range(1, 6000)))
    with opened(live_server, unit.run_id, user, **{"Last-Event-ID": last["id"]}) as response:
        log = next(Stream(response).logs())
    assert not log["anew"]
    assert log["lines"] == "".join(f"line {number}\n" for number in range(5000, 6000))


@pytest.mark.usefixtures("quick")
def test_another_task_begins_the_log_anew(live_server: LiveServer, unit: EvaluationUnit) -> None:
    write(unit, "of the first\n")
    with opened(live_server, unit.run_id, User.objects.get()) as response:
        logs = Stream(response).logs()
        next(logs)
        claims.fail_unit(unit=unit, failure=Failure(FailureClass.TASK, "Broken.", final=True))
        other = claimed_unit(unit.run)
        write(other, "of the second\n")
        found = [next(logs)]
        while found[-1]["lines"] != "of the second\n":
            found.append(next(logs))
        assert (found[-1]["task"], found[0]["anew"]) == (other.task.name, True)


@pytest.mark.usefixtures("quick")
def test_a_stream_ends_after_a_while_and_gives_its_thread_back(
    live_server: LiveServer, unit: EvaluationUnit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "STREAM_SECONDS", 0.3)
    user = User.objects.get()
    for _ in range(stream.MAX_STREAMS + 1):
        with opened(live_server, unit.run_id, user) as response:
            said = response.read()
        assert said.startswith(b"retry: 1000\n\n")
        assert b": still here\n\n" in said


@pytest.mark.usefixtures("quick")
def test_there_are_few_streams_and_who_leaves_makes_room(
    live_server: LiveServer, unit: EvaluationUnit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "STREAM_SECONDS", 60.0)
    user = User.objects.get()
    with opened(live_server, unit.run_id, user) as one, opened(live_server, unit.run_id, user) as two:
        assert (one.status, two.status) == (200, 200)
        with opened(live_server, unit.run_id, user) as refused:
            assert (refused.status, refused.headers["Retry-After"]) == (503, "10")


@pytest.mark.django_db
def test_a_run_that_has_ended_has_nothing_to_follow(client: Client) -> None:
    run = make_run(requested_by=User.objects.create_superuser("operator"))
    cancel_run(run=run)
    client.force_login(User.objects.get())
    assert client.get(f"/runs/{run.pk}/log/stream/").status_code == 204


@pytest.mark.django_db
def test_every_attempt_can_be_read_and_taken_along(client: Client) -> None:
    unit = claimed_unit(make_run(1), worker=make_worker(host="gpu-1"))
    failure = Failure(FailureClass.MEMORY, "The machine ran out of memory.")
    record_attempt(unit=unit, outcome=AttemptLog.Outcome.FAILED, failure=failure, text="first <try>\n")
    record_attempt(unit=unit, outcome=AttemptLog.Outcome.LOST, text="")
    client.force_login(User.objects.create_superuser("operator"))
    address = f"/runs/{unit.run_id}/tasks/{unit.pk}/log/"
    text = client.get(address).content.decode()
    assert text.index("At work now") < text.index("Attempt 2") < text.index("Attempt 1")
    assert "lost with its worker" in text
    assert "Memory: The machine ran out of memory." in text
    assert "first &lt;try&gt;" in text
    assert f"{address}1.log" in text
    file = client.get(f"{address}1.log")
    assert file.content == b"first <try>\n"
    assert file["Content-Disposition"] == (f'attachment; filename="run-{unit.run_id}-{unit.task.name}-attempt-1.log"')
    assert file["Content-Type"] == "text/plain; charset=utf-8"
    assert client.get(f"{address}9.log").status_code == 404
    assert client.get(f"/runs/{make_run().pk}/tasks/{unit.pk}/log/").status_code == 404
