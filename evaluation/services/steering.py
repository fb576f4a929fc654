"""Changing how a run is done while it waits or works."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from evaluation.models import EvaluationRun, Lane
from evaluation.services.states import lock_run
from evaluation.services.waking import wake
from leaderboard.services.audit import record

ACTIONS = {
    "lane": "moved to a lane",
    "worker_class": "assigned to workers",
    "allows_remote_code": "decided about remote code",
}


@transaction.atomic
def steer_run(*, run: EvaluationRun, by: User | None = None, reason: str = "", **changes: Any) -> bool:
    """Set `lane`, `worker_class` or `allows_remote_code` of an unfinished run; says whether it was one.

    Tasks that a worker has begun are finished there; those that wait follow the new rule. `by` is a moderator, for the
    audit log; nobody where that is written down of what the run is for.
    """
    unknown = changes.keys() - ACTIONS.keys()
    if unknown:
        raise TypeError(f"A run cannot be steered by {', '.join(sorted(unknown))}.")
    run = lock_run(run)
    if run.is_finished:
        return False
    before = {name: type(value)(getattr(run, name)) for name, value in changes.items()}
    for name, value in changes.items():
        setattr(run, name, value)
    run.save(update_fields=list(changes))
    if by is not None and before != changes:
        action = ", ".join(ACTIONS[name] for name in changes)
        record(
            actor=by,
            action=action,
            subject=run,
            before=in_words(before),
            after=in_words(changes),
            reason=reason.strip(),
        )
    transaction.on_commit(wake)
    return True


def in_words(values: dict[str, Any]) -> dict[str, Any]:
    """As the audit log has them."""
    return {name: value.label if isinstance(value, Lane) else value for name, value in values.items()}
