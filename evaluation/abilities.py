"""What a worker can do, in words for pages and the terminal. No Django here."""

from __future__ import annotations

MIB_PER_GIB = 1024


def device_in_words(device: str, device_name: str) -> str:
    """`cpu`, or `NVIDIA A100 (cuda)`."""
    return f"{device_name} ({device})" if device_name else device


def memory_in_words(memory_mb: int | None) -> str:
    """For one task; empty where the worker did not tell."""
    if memory_mb is None:
        return ""
    return f"{memory_mb / MIB_PER_GIB:.1f} GiB" if memory_mb >= MIB_PER_GIB else f"{memory_mb} MiB"


def code_in_words(sandbox: str) -> str:
    """Whether it runs code of models, and how it keeps that apart: `bubblewrap`, `unconfined`."""
    return sandbox or "no"
