"""Small pieces into chunks worth sending."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

CHUNK_BYTES = 1 << 16


def in_chunks(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in chunks of about 64 KiB."""
    waiting: list[bytes] = []
    size = 0
    for piece in pieces:
        waiting.append(piece)
        size += len(piece)
        if size >= CHUNK_BYTES:
            yield b"".join(waiting)
            waiting.clear()
            size = 0
    if waiting:
        yield b"".join(waiting)


class Drain:
    """A file that is only written to, and emptied now and then by who sends on what was written."""

    closed = False

    def __init__(self) -> None:
        self._waiting: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._waiting.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """There is nothing behind this file to flush to."""

    def close(self) -> None:
        self.closed = True

    def drained(self) -> bytes:
        data = b"".join(self._waiting)
        self._waiting.clear()
        return data
