"""What the scheduled comparison found: data, scores or environments that are no longer what they were."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from leaderboard.models import ModelMeta, Task, TaskResult


class DriftFinding(models.Model):
    """One thing that differs; it is open until a later check no longer finds it."""

    class Kind(models.TextChoices):
        DATASET = "dataset", "The dataset has a new revision"
        SCORE = "score", "A rerun gave another score"
        ENVIRONMENT = "environment", "Results come from different versions"
        MODEL = "model", "The Hub has another commit of the model"

    kind = models.TextField(choices=Kind)
    task = models.ForeignKey(
        Task, models.CASCADE, null=True, blank=True, related_name="drift", help_text="NULL: it is about the model."
    )
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
            models.CheckConstraint(
                condition=Q(kind="model", task__isnull=True, model_meta__isnull=False)
                | (~Q(kind="model") & Q(task__isnull=False)),
                name="only_a_drift_of_a_model_has_no_task",
            ),
            models.UniqueConstraint(
                fields=["kind", "task", "model_meta", "earlier", "later"],
                nulls_distinct=False,
                name="a_drift_is_found_once",
            ),
        ]

    def __str__(self) -> str:
        return self.summary
