"""Reported results beside runs of this board, and how far they may lie apart."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from leaderboard.models.registry import Task
from leaderboard.models.results import TaskResult


class Comparison(models.Model):
    """A reported result and a run of ours of the same model revision, settings, task and dataset revision.

    Written when the second of the two is stored, never changed. `tolerance` is the one that held then.
    """

    reported = models.ForeignKey(TaskResult, models.CASCADE, related_name="reruns")
    rerun = models.ForeignKey(TaskResult, models.CASCADE, related_name="reruns_of")
    difference = models.FloatField(help_text="The most that a main score moved, as a fraction.")
    split = models.TextField(help_text="Of the cell that moved most.")
    subset = models.TextField(help_text="Of the cell that moved most.")
    n_cells = models.IntegerField(help_text="Cells with a score on both sides.")
    tolerance = models.FloatField()
    agrees = models.BooleanField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["reported", "rerun"], name="two_results_are_compared_once"),
            models.CheckConstraint(condition=~Q(reported=F("rerun")), name="a_result_is_not_compared_with_itself"),
            models.CheckConstraint(
                condition=Q(difference__gte=0, tolerance__gte=0, n_cells__gt=0), name="a_comparison_has_common_cells"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reported}: {'agrees' if self.agrees else 'disagrees'}"


class TaskTolerance(models.Model):
    """How far two runs of a task may lie apart where the usual tolerance is too strict, and why."""

    task = models.OneToOneField(Task, models.CASCADE, related_name="tolerance")
    tolerance = models.FloatField(help_text="As a fraction: 0.01 is one point of a score that is shown x 100.")
    reason = models.TextField(help_text="For example: the task draws its training examples at random.")

    class Meta:
        ordering = ["task__name"]
        verbose_name_plural = "task tolerances"
        constraints = [
            models.CheckConstraint(condition=Q(tolerance__gt=0, tolerance__lte=1), name="a_tolerance_is_a_fraction"),
            models.CheckConstraint(condition=~Q(reason=""), name="a_tolerance_has_a_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.task}: {self.tolerance:g}"
