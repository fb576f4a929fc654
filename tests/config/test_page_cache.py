"""Pages out of memory: only what is the same for everybody, and only until the data change."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from django.core.wsgi import get_wsgi_application
from django.db import connection, transaction

from config.page_cache import MAX_PAGE, HeardVersion, PageCache
from leaderboard.services.boards import bump_data_version

SHARED = [("Content-Type", "text/html"), ("ETag", '"one"'), ("Cache-Control", "no-cache")]


class Said:
    """A version that the test sets."""

    def __init__(self, current: int | None) -> None:
        self.current = current


class Counting:
    """An application that says how often it was asked."""

    def __init__(self, headers: list[tuple[str, str]], status: str = "200 OK", body: bytes = b"page") -> None:
        self.headers, self.status, self.body, self.n_asked = headers, status, body, 0

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        self.n_asked += 1
        start_response(self.status, self.headers)
        return [self.body]


def ask(application: Any, **environ: Any) -> tuple[str, dict[str, str], bytes]:
    heard: list[Any] = []
    asked = {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "QUERY_STRING": "", "wsgi.url_scheme": "http", **environ}
    body = b"".join(application(asked, lambda status, headers, *_: heard.append((status, dict(headers)))))
    status, headers = heard[-1]
    return status, headers, body


def test_a_page_is_made_once_until_the_data_change() -> None:
    version, django = Said(1), Counting(SHARED)
    cache = PageCache(django, version)
    assert ask(cache) == ask(cache) == ("200 OK", dict(SHARED), b"page")
    assert django.n_asked == 1
    version.current = 2
    ask(cache)
    assert django.n_asked == 2


def test_a_visitor_who_has_the_page_is_told_so() -> None:
    cache = PageCache(Counting(SHARED), Said(1))
    ask(cache)
    status, _, body = ask(cache, HTTP_IF_NONE_MATCH='W/"one"')
    assert (status, body) == ("304 Not Modified", b"")


@pytest.mark.parametrize(
    "environ",
    [
        {"HTTP_COOKIE": "sessionid=x"},
        {"HTTP_AUTHORIZATION": "Token x"},
        {"REQUEST_METHOD": "POST"},
        {"REQUEST_METHOD": "HEAD"},
    ],
)
def test_whoever_may_be_somebody_asks_django(environ: dict[str, str]) -> None:
    django = Counting(SHARED)
    cache = PageCache(django, Said(1))
    ask(cache, **environ)
    ask(cache, **environ)
    assert django.n_asked == 2


@pytest.mark.parametrize(
    "django",
    [
        Counting([*SHARED, ("Set-Cookie", "a=b")]),
        Counting([("Content-Type", "text/html")]),
        Counting([("ETag", '"one"'), ("Cache-Control", "private")]),
        Counting(SHARED, status="404 Not Found"),
        Counting(SHARED, body=b"x" * (MAX_PAGE + 1)),
    ],
)
def test_what_is_personal_faulty_or_huge_is_not_kept(django: Counting) -> None:
    cache = PageCache(django, Said(1))
    ask(cache)
    ask(cache)
    assert django.n_asked == 2


@pytest.mark.parametrize(
    "environ",
    [{"QUERY_STRING": "view=tasks"}, {"HTTP_HOST": "other"}, {"HTTP_ACCEPT_ENCODING": "gzip"}, {"PATH_INFO": "/x/"}],
)
def test_what_an_answer_depends_on_is_in_its_key(environ: dict[str, str]) -> None:
    django = Counting(SHARED)
    cache = PageCache(django, Said(1))
    ask(cache)
    ask(cache, **environ)
    assert django.n_asked == 2


def test_nothing_is_kept_while_nobody_knows_the_version() -> None:
    django = Counting(SHARED)
    cache = PageCache(django, Said(None))
    ask(cache)
    ask(cache)
    assert django.n_asked == 2


@pytest.mark.django_db(transaction=True)
def test_a_publication_is_heard_and_the_page_made_anew() -> None:
    heard = HeardVersion()
    cache = PageCache(get_wsgi_application(), heard)
    environ: dict[str, Any] = {"HTTP_HOST": "testserver", "SERVER_NAME": "testserver", "SERVER_PORT": "80"}
    environ["wsgi.input"] = io.BytesIO()
    first = published()
    wait_for(lambda: heard.current == first)
    status, headers, _ = ask(cache, **environ)
    assert status == "200 OK"
    second = published()
    wait_for(lambda: heard.current == second)
    assert ask(cache, **environ)[1]["ETag"] != headers["ETag"]
    heard.stop()
    connection.close()


def published() -> int:
    with transaction.atomic():
        return bump_data_version()


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
