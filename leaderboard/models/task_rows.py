"""Every model's place on every task, replaced task by task whenever results change."""

from __future__ import annotations

from django.db import models

from leaderboard.models.model_meta import ModelMeta
from leaderboard.models.registry import Task
from leaderboard.models.results import Scope, TaskResult


class TaskRowQuerySet(models.QuerySet["TaskRow"]):
    def in_scope(self, scope: str) -> TaskRowQuerySet:
        return self.filter(**{f"in_{Scope(scope).value}": True})


class TaskRow(models.Model):
    """What a model variant has on a task: the mean of the cells that the task declares, and where that stands.

    `score` is a fraction, NULL where no declared cell is scored. A row with fewer than `of_cells` cells is incomplete:
    it has neither rank nor percentile, and does not count in those of others. `result` is the leading part where
    `n_parts` results merge. Where the same results count for a task in both scopes, its rows belong to both.
    """

    in_official = models.BooleanField(help_text="Whether the row is one of the official scope.")
    in_all = models.BooleanField(help_text="Whether the row is one of the whole scope.")
    # Computed rows, written by the ten thousand: foreign keys would be checked one by one.
    task = models.ForeignKey(Task, models.CASCADE, related_name="rows", db_constraint=False, db_index=False)
    model_meta = models.ForeignKey(
        ModelMeta, models.CASCADE, related_name="task_rows", db_constraint=False, db_index=False
    )
    experiment_id = models.TextField(blank=True, default="")
    result = models.ForeignKey(TaskResult, models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    n_parts = models.IntegerField()
    score = models.FloatField(null=True)
    n_cells = models.IntegerField()
    of_cells = models.IntegerField(help_text="Splits x subsets that anybody has.")
    rank = models.IntegerField(null=True, help_text="Equal scores share the best number.")
    n_ranked = models.IntegerField(help_text="Rows of the task that have a rank.")
    percentile = models.FloatField(null=True, help_text="Percent of the other ranked rows that are lower, ties half.")

    objects = TaskRowQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["model_meta"], name="task_rows_of_a_model")]
        constraints = [
            models.UniqueConstraint(
                fields=["task", "model_meta", "experiment_id"],
                condition=models.Q(in_official=True),
                name="a_variant_has_one_official_task_row",
            ),
            models.UniqueConstraint(
                fields=["task", "model_meta", "experiment_id"],
                condition=models.Q(in_all=True),
                name="a_variant_has_one_task_row",
            ),
            models.CheckConstraint(
                condition=models.Q(in_official=True) | models.Q(in_all=True), name="a_task_row_is_in_a_scope"
            ),
            models.CheckConstraint(
                condition=models.Q(rank__isnull=True)
                | models.Q(score__isnull=False, n_cells__gte=models.F("of_cells")),
                name="a_ranked_task_row_is_complete",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.model_meta} on {self.task}"
