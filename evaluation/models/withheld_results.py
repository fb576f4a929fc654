"""What private runs gave. It is no fact of the board, so nothing that reads facts can show it."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models


class WithheldResult(models.Model):
    """The result of a unit of a private run, until publishing makes a fact of it.

    `payload` is the whole file, compressed with zstandard; `measurement` is what the evaluating process measured.
    """

    payload = models.BinaryField()
    main_scores = ArrayField(models.FloatField(null=True), help_text="As in the file, cell by cell.")
    dataset_revision = models.TextField(null=True, blank=True)
    evaluation_time = models.FloatField(null=True, blank=True, help_text="Seconds.")
    measurement = models.JSONField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"Withheld result {self.pk}"
