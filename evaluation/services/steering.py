"""Changing how a run is done while it waits or works."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from evaluation.models import EvaluationRun
from evaluation.services.states import lock_run
from evaluation.services.waking import wake


@transaction.atomic
def steer_run(*, run: EvaluationRun, **changes: Any) -> bool:
    """Set `lane`, `worker_class` or `allows_remote_code` of an unfinished run; says whether it was one.

    Tasks that a worker has begun are finished there; those that wait follow the new rule.
    """
    unknown = changes.keys() - {"lane", "worker_class", "allows_remote_code"}
    if unknown:
        raise TypeError(f"A run cannot be steered by {', '.join(sorted(unknown))}.")
    run = lock_run(run)
    if run.is_finished:
        return False
    for name, value in changes.items():
        setattr(run, name, value)
    run.save(update_fields=list(changes))
    transaction.on_commit(wake)
    return True
