"""What the scheduled comparison found: data, scores or environments that are no longer what they were."""

from __future__ import annotations

from django.db import models

from leaderboard.models import ModelMeta, Task, TaskResult


class DriftFinding(models.Model):
    """One thing that differs; it is open until a later check no longer finds it."""

    class Kind(models.TextChoices):
        DATASET = "dataset", "The dataset has a new revision"
        SCORE = "score", "A rerun gave another score"
        ENVIRONMENT = "environment", "Results come from different versions"

    kind = models.TextField(choices=Kind)
    task = models.ForeignKey(Task, models.CASCADE, related_name="drift")
    model_meta = models.ForeignKey(ModelMeta, models.CASCADE, null=True, blank=True, related_name="drift")
    earlier = models.ForeignKey(TaskResult, models.CASCADE, null=True, blank=True, related_name="+")
    later = models.ForeignKey(TaskResult, models.CASCADE, null=True, blank=True, related_name="+")
    summary = models.TextField()
    n_results = models.IntegerField(help_text="Results that count and are affected.")
    found_at = models.DateTimeField(auto_now_add=True)
    last_found_at = models.DateTimeField()
    gone_at = models.DateTimeField(null=True, blank=True, help_text="When a check no longer found it.")

    class Meta:
        ordering = ["-last_found_at", "-pk"]
        verbose_name = "drift"
        verbose_name_plural = "drift"
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "task", "model_meta", "earlier", "later"],
                nulls_distinct=False,
                name="a_drift_is_found_once",
            ),
        ]

    def __str__(self) -> str:
        return self.summary
