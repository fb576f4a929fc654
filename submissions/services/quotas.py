"""Writes of quotas: how much a person may ask for instead of what is usual. All of it is audited."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import transaction

from leaderboard.services.audit import record
from submissions.models import Quota, Submission

if TYPE_CHECKING:
    from django.contrib.auth.models import User


@transaction.atomic
def set_quota(
    *, user: User, decided_by: User, submissions_per_month: int, unfinished_at_once: int, reason: str = ""
) -> Quota:
    """Give the person these numbers, in place of those that they had."""
    known = Quota.objects.select_for_update().filter(user=user).first()
    quota, _ = Quota.objects.update_or_create(
        user=user,
        defaults={
            "submissions_per_month": submissions_per_month,
            "unfinished_at_once": unfinished_at_once,
            "reason": reason.strip(),
        },
    )
    before, after = _numbers(known), _numbers(quota)
    if before != after:
        record(actor=decided_by, action="set the quota", subject=quota, before=before, after=after, reason=quota.reason)
    return quota


def set_quota_of_submitter(*, submission: Submission, decided_by: User, **quota: Any) -> Submission:
    """The same, from the desk of a submission. `quota` as for `set_quota`."""
    set_quota(user=submission.submitter, decided_by=decided_by, **quota)
    return submission


@transaction.atomic
def remove_quota(*, quota: Quota, decided_by: User) -> None:
    """What is usual holds for the person again."""
    record(actor=decided_by, action="removed the quota", subject=quota, before=_numbers(quota))
    quota.delete()


def _numbers(quota: Quota | None) -> dict[str, Any]:
    if quota is None:
        return {}
    return {"submissions_per_month": quota.submissions_per_month, "unfinished_at_once": quota.unfinished_at_once}
