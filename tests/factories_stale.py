"""Plain functions that make rules about stale results, for any test."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from leaderboard.models import ImportedFile, SourceKind, StaleRule, Task, TaskResult
from leaderboard.services.results import record_result
from leaderboard.services.staleness import apply_rule
from tests.factories import make_model, make_task, result_json


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


def make_superseded_result() -> TaskResult:
    """An earlier run of this board, with a later one that counts in its place."""
    model_meta, task = make_model(), make_task()
    earlier, _ = (
        record_result(
            model_meta=model_meta,
            revision="1" * 40,
            settings=None,
            task=task,
            payload=result_json(task, {"test": {"default": 0.5}}, date=date),
            source_kind=SourceKind.RUN,
            source_name="Podium",
            source_path=f"runs/{date}.json",
        )
        for date in (1_600_000_000, 1_700_000_000)
    )
    return earlier
