"""A log as server-sent events. Each stream holds a thread of the web process, so there are few, and each ends soon.

The browser asks again where a stream has ended and says what it had last (`Last-Event-ID`).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace

import orjson
from django.db import connection

from evaluation.logs.redaction import LOG_LIMIT
from evaluation.logs.tail import News, everything, news
from evaluation.selectors.logs import LiveLog, live_log

MAX_STREAMS = 2
"""Of the four threads that a process has."""
STREAM_SECONDS = 25.0
POLL_SECONDS = 1.0
KEEP_ALIVE_SECONDS = 1.0
RECONNECT_MS = 1000
free_places = threading.BoundedSemaphore(MAX_STREAMS)


class LogStream(Iterator[bytes]):
    """The events of a run from now on. Take a place first (`open_stream`); `close` gives it back, however it ends."""

    def __init__(self, run_id: int, last_event: str = "") -> None:
        self._run_id = run_id
        self._attempt, _, self._mark = last_event.rpartition(".")
        self._partial = ""
        self._ends_at = time.monotonic() + STREAM_SECONDS
        self._spoke_at = 0.0
        self._has_ended = False
        self._is_open = True

    def __next__(self) -> bytes:
        if not self._spoke_at:
            return self._say(f"retry: {RECONNECT_MS}\n\n")
        while not self._has_ended and time.monotonic() < self._ends_at:
            log = live_log(self._run_id)
            self._has_ended = log is not None and log.run_has_ended
            said = self._events(log) if log else ""
            if self._has_ended:
                said += "event: end\ndata: {}\n\n"
            if not said and time.monotonic() - self._spoke_at > KEEP_ALIVE_SECONDS:
                # A reader who has gone is noticed by writing to them.
                said = ": still here\n\n"
            if said:
                return self._say(said)
            time.sleep(POLL_SECONDS)
        raise StopIteration

    def close(self) -> None:
        if self._is_open:
            self._is_open = False
            free_places.release()
            connection.close()

    def _say(self, text: str) -> bytes:
        self._spoke_at = time.monotonic()
        return text.encode()

    def _events(self, log: LiveLog) -> str:
        """One event with what the reader does not have yet; nothing if there is nothing new."""
        found = self._news(log)
        if not found.anew and not found.lines and found.partial == self._partial:
            return ""
        self._attempt, self._mark, self._partial = log.attempt, found.mark, found.partial
        data = {"task": log.task_name, "anew": found.anew, "lines": found.lines, "partial": found.partial}
        return f"id: {log.attempt}.{found.mark}\nevent: log\ndata: {orjson.dumps(data).decode()}\n\n"

    def _news(self, log: LiveLog) -> News:
        """Found in the end of the log if that is enough, else in all that is kept of it."""
        if log.attempt != self._attempt:
            return everything(self._whole(log))
        if log.is_whole and not self._mark:
            return replace(everything(log.tail), anew=False)
        return news(log.tail, self._mark) or news(whole := self._whole(log), self._mark) or everything(whole)

    def _whole(self, log: LiveLog) -> str:
        if log.is_whole:
            return log.tail
        again = live_log(self._run_id, characters=LOG_LIMIT)
        return again.tail if again and again.attempt == log.attempt else log.tail


def open_stream(run_id: int, last_event: str) -> LogStream | None:
    """None where this process has no thread to spare."""
    return LogStream(run_id, last_event) if free_places.acquire(blocking=False) else None
