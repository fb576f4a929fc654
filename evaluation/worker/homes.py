"""The folders of evaluating processes. A worker that is killed cannot remove its own; the next process here does it."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
from pathlib import Path

from evaluation.worker.locks import take_lock

PREFIX = "podium-evaluation-"
# A folder this young may have been made and not been locked yet.
YOUNG_SECONDS = 60


class Home:
    """A temporary folder, locked for as long as the process that made it lives and has not removed it."""

    def __init__(self) -> None:
        remove_abandoned()
        self._folder = tempfile.TemporaryDirectory(prefix=PREFIX, ignore_cleanup_errors=True)
        self.path = Path(self._folder.name)
        self._lock = take_lock(os.open(self.path, os.O_RDONLY))

    def remove(self) -> None:
        """Once or more often."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None
        self._folder.cleanup()


def remove_abandoned() -> None:
    """Remove folders that nobody holds any more: vectors, and models and caches that a token opened, lie in them."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):
            if time.time() - folder.stat().st_mtime > YOUNG_SECONDS and _is_free(folder):
                shutil.rmtree(folder, ignore_errors=True)


def _is_free(folder: Path) -> bool:
    lock = take_lock(os.open(folder, os.O_RDONLY))
    if lock is not None:
        os.close(lock)
    return lock is not None
