"""Tasks that models are not meant to be measured on."""

from __future__ import annotations

from django.db import models

from leaderboard.models.model_meta import ModelMeta
from leaderboard.models.registry import Task


class DeclinedTask(models.Model):
    """A task that whoever made a model declines, as one its training makes meaningless: not one that nobody ran.

    It changes no rank and no mean. Where a result exists all the same, the result is shown.
    """

    model_meta = models.ForeignKey(ModelMeta, models.CASCADE, related_name="declined_tasks", db_index=False)
    task = models.ForeignKey(Task, models.CASCADE, related_name="declined_by")
    reason = models.TextField(help_text="Why, in a few words; boards show it.")
    declared_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["task__name"]
        verbose_name = "declined task"
        constraints = [
            models.UniqueConstraint(fields=["model_meta", "task"], name="a_model_declines_a_task_once"),
            models.CheckConstraint(condition=~models.Q(reason=""), name="a_declined_task_has_a_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.model_meta} declines {self.task}"
