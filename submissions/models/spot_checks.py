"""Reruns of reported results: by rule, or because a moderator asked."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from evaluation.models import EvaluationRun, Lane
from leaderboard.models import Benchmark, ModelRevision, TaskResult


class SpotCheckRule(models.Model):
    """Which reported results are rerun without anybody asking, how many, and how often."""

    class Picks(models.TextChoices):
        NEW_UPLOADS = "new_uploads", "Models with new uploads"
        TOP_OF_BOARD = "top_of_board", "The first models of a board"
        RANDOM_SHARE = "random_share", "A random share of all models with reported results"

    name = models.TextField(unique=True)
    is_active = models.BooleanField(default=True)
    picks = models.TextField(choices=Picks)
    benchmark = models.ForeignKey(
        Benchmark,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="spot_check_rules",
        help_text="Whose first models.",
    )
    n_models = models.PositiveSmallIntegerField(default=10, help_text="At most so many models each time.")
    percent = models.FloatField(default=1.0, help_text="Of the random share: percent of the models each time.")
    n_tasks = models.PositiveSmallIntegerField(default=3, help_text="Tasks of each model, drawn at random.")
    every_days = models.PositiveSmallIntegerField(default=7)
    lane = models.SmallIntegerField(choices=Lane, default=Lane.BACKGROUND)
    applied_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(picks="top_of_board", benchmark__isnull=False) | ~Q(picks="top_of_board"),
                name="the_top_is_that_of_a_board",
            ),
            models.CheckConstraint(
                condition=Q(percent__gt=0, percent__lte=100, n_tasks__gt=0, n_models__gt=0, every_days__gt=0),
                name="a_spot_check_rule_picks_something",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class SpotCheck(models.Model):
    """A run that repeats reported results of a model revision. What came out are the `Comparison`s of these results."""

    rule = models.ForeignKey(SpotCheckRule, models.SET_NULL, null=True, blank=True, related_name="spot_checks")
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="spot_checks"
    )
    model_revision = models.ForeignKey(ModelRevision, models.PROTECT, related_name="spot_checks")
    results = models.ManyToManyField(TaskResult, related_name="spot_checks")
    run = models.OneToOneField(EvaluationRun, models.CASCADE, related_name="spot_check")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"Spot check {self.pk} of {self.model_revision}"
