"""How much a person may ask for."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class Quota(models.Model):
    """What moderators allow a person instead of the usual numbers, which are settings."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="quota")
    submissions_per_month = models.PositiveIntegerField(help_text="Within thirty days.")
    unfinished_at_once = models.PositiveIntegerField(help_text="That wait for a decision or whose run has not ended.")
    reason = models.TextField(blank=True, default="", help_text="Why, for other moderators.")

    def __str__(self) -> str:
        return f"Quota of {self.user}"
