"""What models predicted, where a run was asked to keep it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from evaluation.models.runs import EvaluationRun
from evaluation.models.withheld_results import WithheldResult
from leaderboard.models import TaskResult


class KeptPredictions(models.Model):
    """The predictions behind a result, published or not: a compressed file under the data folder, and the examples
    most wrong.

    `path` is empty where there was too much to keep or the file was deleted; the examples stay.
    """

    result = models.OneToOneField(TaskResult, models.CASCADE, null=True, blank=True, related_name="predictions")
    withheld_result = models.OneToOneField(
        WithheldResult, models.CASCADE, null=True, blank=True, related_name="predictions"
    )
    run = models.ForeignKey(EvaluationRun, models.CASCADE, related_name="predictions")
    path = models.TextField(blank=True, default="", help_text="Within the folder of predictions.")
    size = models.BigIntegerField(help_text="Bytes, compressed.")
    digest = models.TextField(help_text="SHA-256 of the compressed file.")
    worst = models.JSONField(default=list, help_text="The examples that the model got most wrong, with their texts.")
    created_at = models.DateTimeField(auto_now_add=True)
    deleted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        verbose_name = "kept predictions"
        verbose_name_plural = "kept predictions"
        constraints = [
            models.CheckConstraint(
                condition=Q(result__isnull=False, withheld_result__isnull=True)
                | Q(result__isnull=True, withheld_result__isnull=False),
                name="predictions_are_of_one_result",
            ),
            models.CheckConstraint(
                condition=Q(deleted_at__isnull=True) | Q(path=""), name="deleted_predictions_have_no_file"
            ),
        ]

    def __str__(self) -> str:
        return f"Predictions of {self.result or self.withheld_result}"
