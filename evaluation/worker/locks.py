"""Locks on files and folders that end with whoever holds them, however that is."""

from __future__ import annotations

import fcntl
import os


def take_lock(descriptor: int) -> int | None:
    """What is open, now locked until it is closed; None, and closed at once, where another process holds it."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor
