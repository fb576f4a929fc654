"""The vectors of texts that this process has encoded, kept on disk for the tasks that come after."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

BYTES_OF_NUMBER = 4
BYTES_OF_INDEX = 200
"""What a text takes in memory: its digest twice, in a dictionary and a list, as measured with CPython 3.11."""

Vectors = npt.NDArray[np.float32]

logger = logging.getLogger("evaluation.evaluator.runner")


def digests(texts: Sequence[str], *, settings: Sequence[object]) -> list[bytes]:
    """What texts are known by. Two texts have the same only if they are equal and so is all that shapes the vector."""
    shaped = hashlib.blake2b(repr(tuple(settings)).encode("utf-8", "surrogatepass"), digest_size=32).digest()
    return [
        hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16, key=shaped).digest() for text in texts
    ]


class EmbeddingStore:
    """One file of float32 rows. When it has `limit_bytes`, with what its index takes, the oldest rows are overwritten.

    All vectors have the dimension of the first. A full disk ends the keeping, not the evaluation.
    """

    def __init__(self, folder: Path, *, limit_bytes: int) -> None:
        self._path = folder / "embeddings.f32"
        self._limit_bytes = limit_bytes
        self._dimension = 0
        self._capacity = 0
        self._rows: dict[bytes, int] = {}
        self._digest_of_row: list[bytes] = []
        self._next = 0
        self._broken = False

    def __len__(self) -> int:
        return len(self._rows)

    def find(self, wanted: Sequence[bytes]) -> tuple[npt.NDArray[np.intp], Vectors]:
        """The positions in `wanted` that are known, and their vectors."""
        known = [
            (position, row) for position, digest in enumerate(wanted) if (row := self._rows.get(digest)) is not None
        ]
        if not known:
            return np.empty(0, dtype=np.intp), np.empty((0, self._dimension), dtype=np.float32)
        positions, rows = np.array(known, dtype=np.intp).T
        return positions, self._mapped()[rows]

    def add(self, new: Sequence[bytes], vectors: Vectors) -> None:
        """Keep as many as there is room for. `new` holds no digest that is known, and none twice."""
        if self._broken or not len(new) or not self._fits(vectors.shape[1]):
            return
        new, vectors = new[-self._capacity :], vectors[-self._capacity :]
        start = 0
        while start < len(new):
            end = min(len(new), start + self._capacity - self._next)
            if not self._write(new[start:end], vectors[start:end]):
                return
            start = end

    def _fits(self, dimension: int) -> bool:
        if not self._dimension:
            self._dimension = dimension
            self._capacity = self._limit_bytes // (dimension * BYTES_OF_NUMBER + BYTES_OF_INDEX)
        return self._capacity > 0 and dimension == self._dimension

    def _write(self, new: Sequence[bytes], vectors: Vectors) -> bool:
        """Write rows that follow one another, and go on at the first after the last."""
        first = self._next
        for digest in self._digest_of_row[first : first + len(new)]:
            del self._rows[digest]
        try:
            with self._path.open("r+b" if self._path.exists() else "w+b") as file:
                file.seek(first * self._dimension * BYTES_OF_NUMBER)
                file.write(np.ascontiguousarray(vectors, dtype=np.float32).data)
        except OSError as error:
            logger.warning("Embeddings are no longer kept for later tasks: %s", error)
            self._broken = True
            self._rows.clear()
            return False
        self._digest_of_row[first : first + len(new)] = new
        self._rows.update(zip(new, range(first, first + len(new)), strict=True))
        self._next = (first + len(new)) % self._capacity
        return True

    def _mapped(self) -> np.memmap[Any, np.dtype[np.float32]]:
        """For reading only: a full disk is an error when a file is written, and a crash when a map is."""
        return np.memmap(self._path, dtype=np.float32, mode="r", shape=(len(self._digest_of_row), self._dimension))
