"""Names that somebody may have meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from leaderboard.models import Benchmark, ModelMeta, Task


def close_task_names(name: str) -> list[str]:
    return _close(name, Task.objects.values_list("name", flat=True))


def close_benchmark_names(name: str) -> list[str]:
    return _close(name, Benchmark.objects.values_list("name", flat=True))


def close_model_names(name: str) -> list[str]:
    return _close(name, ModelMeta.objects.values_list("name", flat=True))


def _close(name: str, names: Iterable[str]) -> list[str]:
    """Up to three names that look like it, upper and lower case alike."""
    by_lower = {known.lower(): known for known in names}
    return [by_lower[match] for match in difflib.get_close_matches(name.lower(), by_lower, n=3, cutoff=0.6)]
