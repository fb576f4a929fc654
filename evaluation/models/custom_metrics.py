"""The code of metrics that custom tasks brought along, and who approved it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q


class CustomMetric(models.Model):
    """A file metric.py, known by the hash of its code: whoever approves it approves exactly that code.

    Only approved code stands in the definition of a task, so nothing else can reach an evaluating process.
    """

    sha256 = models.TextField(unique=True)
    code = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Empty where an operator approved it at the terminal.",
    )
    approved_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        verbose_name = "metric of custom tasks"
        verbose_name_plural = "metrics of custom tasks"
        constraints = [
            models.CheckConstraint(
                condition=Q(sha256__regex=r"^[0-9a-f]{64}$"), name="a_metric_is_known_by_its_sha256"
            ),
            models.CheckConstraint(
                condition=Q(approved_at__isnull=False) | Q(approved_by__isnull=True),
                name="who_approved_a_metric_did_so_at_some_time",
            ),
        ]

    def __str__(self) -> str:
        return f"metric {self.sha256[:12]}"
