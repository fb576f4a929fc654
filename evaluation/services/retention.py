"""What is deleted after a while, so that no table grows without end."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db.models import Exists, OuterRef
from django.db.models.functions import Now

from evaluation.models import AttemptLog, DriftFinding


def delete_what_is_old() -> int:
    """Logs of attempts that others followed, and drift that is gone; says how many rows that were."""
    return _delete_earlier_attempts() + _delete_gone_drift()


def _delete_earlier_attempts() -> int:
    """The last attempt of a unit stays for ever: its number is the next one's, too."""
    if not settings.KEEP_ATTEMPTS_DAYS:
        return 0
    later = AttemptLog.objects.filter(unit=OuterRef("unit"), number__gt=OuterRef("number"))
    old = AttemptLog.objects.filter(Exists(later), ended_at__lt=Now() - timedelta(days=settings.KEEP_ATTEMPTS_DAYS))
    return old.delete()[0]


def _delete_gone_drift() -> int:
    if not settings.KEEP_DRIFT_DAYS:
        return 0
    return DriftFinding.objects.filter(gone_at__lt=Now() - timedelta(days=settings.KEEP_DRIFT_DAYS)).delete()[0]
