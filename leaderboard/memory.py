"""What a process keeps between requests: bounded, shared by its threads, and stale with the data version."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from threading import RLock
from typing import Any, Generic, TypeVar
from weakref import WeakSet

from cachetools import LRUCache

T = TypeVar("T")
_every: WeakSet[Kept[Any]] = WeakSet()


class Kept(Generic[T]):
    """Values by key, the least recently used thrown away first.

    A key holds whatever makes its value stale: mostly the data version or the id of a board, which is never used again.
    A value larger than everything that may be kept is made anew each time.
    """

    def __init__(self, maxsize: int, size_of: Callable[[T], int] | None = None) -> None:
        self._lock = RLock()
        self._values: LRUCache[Hashable, T] = LRUCache(maxsize, getsizeof=size_of)
        _every.add(self)

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """The value; made outside the lock where it is missing, so that nobody waits for another's."""
        with self._lock:
            found = self._values.get(key)
        if found is not None:
            return found
        value = make()
        with self._lock:
            if self._values.getsizeof(value) <= self._values.maxsize:
                self._values[key] = value
        return value

    def clear(self) -> None:
        with self._lock:
            self._values.clear()


def forget_everything() -> None:
    """For a process whose database was replaced under it, as between tests."""
    for kept in _every:
        kept.clear()
