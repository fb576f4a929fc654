"""Plain functions that make rules about stale results, for any test."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from leaderboard.models import ImportedFile, StaleRule, Task, TaskResult
from leaderboard.services.staleness import apply_rule


def make_rule(tasks: Sequence[Task] = (), **fields: Any) -> StaleRule:
    """A rule that is applied: unless said otherwise it marks what mteb 2.0.0 to 2.10.0 gave."""
    defaults: dict[str, Any] = {
        "reason": "Scores were computed on the wrong split.",
        "kind": StaleRule.Kind.MTEB_VERSIONS,
    }
    if fields.get("kind", StaleRule.Kind.MTEB_VERSIONS) == StaleRule.Kind.MTEB_VERSIONS:
        defaults |= {"first_version": "2.0.0", "last_version": "2.10.0"}
    rule = StaleRule.objects.create(**{**defaults, **fields})
    rule.tasks.set(tasks)
    apply_rule(rule=rule)
    return rule


def present(result: TaskResult) -> None:
    """As if the latest import of its source had seen the result's file."""
    ImportedFile.objects.create(
        source=result.source, path=result.source_path, digest=result.digest, result=result, present=True
    )
