"""Notices of the operators that stand on every page."""

from __future__ import annotations

from django.core.validators import URLValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class Announcement(models.Model):
    class Kind(models.TextChoices):
        NEWS = "news", "news"
        MAINTENANCE = "maintenance", "maintenance"

    text = models.TextField(max_length=500, help_text="One or two sentences, shown on every page.")
    link = models.TextField(
        blank=True,
        default="",
        validators=[URLValidator(["https", "http"])],
        help_text="Where more is said; empty: nowhere.",
    )
    kind = models.TextField(choices=Kind, default=Kind.NEWS)
    is_shown = models.BooleanField(default=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        ordering = ["-pk"]
        constraints = [models.CheckConstraint(condition=~Q(text=""), name="an_announcement_says_something")]

    def __str__(self) -> str:
        return self.text
