"""Answers visitors who are not signed in out of memory, before Django is asked.

Only what Django itself declared to be the same for everybody until the data changes is kept: a 200 with an ETag and
without a cookie, asked for without a cookie. The data version is part of every key, so one publication makes all of it
stale at once; a thread hears of it from PostgreSQL. Without that thread's word nothing is answered from memory.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from cachetools import LRUCache
from django.http import HttpResponse

logger = logging.getLogger(__name__)

Environ = dict[str, Any]
Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]
Headers = list[tuple[str, str]]

MAX_BYTES = 32 * 2**20
MAX_PAGE = 2 * 2**20
# What a page may depend on beside its address.
_ASKED_WITH = ("wsgi.url_scheme", "HTTP_HOST", "HTTP_X_FORWARDED_PROTO", "HTTP_ACCEPT_ENCODING")
_ASK_AGAIN_SECONDS = 1


class Version(Protocol):
    """The data version, or None while nobody knows it."""

    @property
    def current(self) -> int | None: ...


@dataclass(frozen=True, slots=True)
class Page:
    status: str
    headers: Headers
    body: bytes
    etag: str

    @property
    def n_bytes(self) -> int:
        return len(self.body) + sum(len(name) + len(value) for name, value in self.headers)


class PageCache:
    """A WSGI application around another one."""

    def __init__(self, application: Application, version: Version) -> None:
        self.application = application
        self.version = version
        self._pages: LRUCache[Any, Page] = LRUCache(MAX_BYTES, getsizeof=lambda page: page.n_bytes)
        self._lock = threading.Lock()

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        key = self._key(environ)
        if key is None:
            return self.application(environ, start_response)
        with self._lock:
            page = self._pages.get(key)
        if page is None:
            return self._answer_and_keep(environ, start_response, key)
        if page.etag in environ.get("HTTP_IF_NONE_MATCH", ""):
            start_response("304 Not Modified", [header for header in page.headers if header[0] != "Content-Length"])
            return []
        start_response(page.status, page.headers)
        return [page.body]

    def _key(self, environ: Environ) -> Any:
        """What the answer depends on; None where it must not come from memory."""
        if environ["REQUEST_METHOD"] != "GET" or "HTTP_COOKIE" in environ or "HTTP_AUTHORIZATION" in environ:
            return None
        version = self.version.current
        if version is None:
            return None
        asked_with = tuple(environ.get(name, "") for name in _ASKED_WITH)
        return version, environ.get("PATH_INFO", ""), environ.get("QUERY_STRING", ""), asked_with

    def _answer_and_keep(self, environ: Environ, start_response: Callable[..., Any], key: Any) -> Iterable[bytes]:
        heard: list[tuple[str, Headers]] = []

        def hear(status: str, headers: Headers, *rest: Any) -> Any:
            heard[:] = [(status, headers)]
            return start_response(status, headers, *rest)

        response = self.application(environ, hear)
        # A file is handed to the server as it is; whatever else is a stream says so.
        if getattr(response, "streaming", False) or not isinstance(response, HttpResponse | list):
            return response
        body = b"".join(response)
        if close := getattr(response, "close", None):
            close()
        page = _page(*heard[-1], body)
        if page and self.version.current == key[0]:
            with self._lock:
                self._pages[key] = page
        return [body]


def _page(status: str, headers: Headers, body: bytes) -> Page | None:
    """The answer as it may be given again; None for one that is nobody else's business."""
    by_name = {name.lower(): value for name, value in headers}
    control = by_name.get("cache-control", "")
    shared = (
        "etag" in by_name and "set-cookie" not in by_name and "private" not in control and "no-store" not in control
    )
    if not status.startswith("200") or not shared or len(body) > MAX_PAGE:
        return None
    return Page(status, headers, body, by_name["etag"].removeprefix("W/"))


class HeardVersion:
    """The data version as PostgreSQL tells it, from a thread that the first question starts."""

    def __init__(self) -> None:
        self._number: int | None = None
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()
        self._stopped = threading.Event()

    def stop(self) -> None:
        """Let go of the database, and wait until that is done."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join()

    @property
    def current(self) -> int | None:
        if self._thread is None:
            with self._starting:
                if self._thread is None:
                    self._thread = threading.Thread(target=self._listen, daemon=True, name="data version")
                    self._thread.start()
        return self._number

    def _listen(self) -> None:
        """Ask each second, and at once where a publication is announced."""
        import psycopg
        from django.db import connection

        from leaderboard.services.boards import CHANNEL

        parameters = connection.get_connection_params()
        parameters = {name: value for name, value in parameters.items() if name not in {"cursor_factory", "context"}}
        while not self._stopped.is_set():
            try:
                with psycopg.connect(**parameters, autocommit=True) as own:
                    own.execute(f"LISTEN {CHANNEL}")
                    while not self._stopped.is_set():
                        row = own.execute("SELECT max(number) FROM leaderboard_dataversion").fetchone()
                        self._number = row[0] or 0 if row else 0
                        for _ in own.notifies(timeout=_ASK_AGAIN_SECONDS, stop_after=1):
                            pass
            except psycopg.Error:
                if self._number is not None:
                    logger.warning("The data version cannot be read; pages are not answered from memory.")
                self._number = None
                self._stopped.wait(_ASK_AGAIN_SECONDS)
