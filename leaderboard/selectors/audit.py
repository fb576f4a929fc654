"""What was decided about something, and by whom."""

from __future__ import annotations

from django.db import models
from django.db.models import QuerySet

from leaderboard.models import AuditEntry


def audit_entries(subject: models.Model) -> QuerySet[AuditEntry]:
    """The entries about it, the latest first."""
    return AuditEntry.objects.filter(subject_type=subject._meta.label_lower, subject_id=str(subject.pk))
