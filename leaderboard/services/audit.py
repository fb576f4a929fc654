"""Writing down what people with power decide and change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import User
from django.db import models

from leaderboard.models import AuditEntry

BY_COMMAND = "somebody at the server"


def record(
    *,
    actor: User | None,
    action: str,
    subject: models.Model,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str = "",
) -> AuditEntry:
    """One entry of the audit log. Call it in the transaction of the change itself, so that there are both or neither.

    `actor` is None for who typed a command on the server. `before` and `after` hold values that JSON knows; a field
    that is equal in both is left out.
    """
    before, after = dict(before or {}), dict(after or {})
    same = {field for field in before.keys() & after.keys() if before[field] == after[field]}
    return AuditEntry.objects.create(
        actor=actor,
        actor_name=actor.get_username() if actor else BY_COMMAND,
        action=action,
        subject_type=subject._meta.label_lower,
        subject_id=str(subject.pk),
        subject_name=str(subject),
        before={field: value for field, value in before.items() if field not in same},
        after={field: value for field, value in after.items() if field not in same},
        reason=reason,
    )
