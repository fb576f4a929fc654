"""Tokens that open private and gated models, for one run each."""

from __future__ import annotations

from django.db import models

from evaluation.models.runs import EvaluationRun


class Credential(models.Model):
    """A token of the Hub, encrypted. It waits with a submission, goes with its run, and is deleted when that ends.

    No admin shows it, and no page or export reads it.
    """

    run = models.OneToOneField(EvaluationRun, models.CASCADE, null=True, blank=True, related_name="credential")
    encrypted = models.BinaryField()
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"Credential {self.pk}"
