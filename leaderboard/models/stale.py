"""Rules that say which results are wrong or out of date, what they hit, and which results maintainers chose instead."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import URLValidator
from django.db import models
from django.db.models import Q
from django.urls import reverse

from leaderboard.models.model_meta import Variant
from leaderboard.models.registry import Task
from leaderboard.models.results import TaskResult


class StaleRule(models.Model):
    """Makes results stale while it is active; `leaderboard/staleness.py` decides which."""

    class Kind(models.TextChoices):
        MTEB_VERSIONS = "mteb_versions", "mteb versions are wrong"
        DATASET_REVISION = "dataset_revision", "dataset revision changed"

    class Effect(models.TextChoices):
        MARK = "mark", "Mark: they count, with a badge"
        HIDE = "hide", "Hide: they do not count among all results"

    reason = models.CharField(max_length=300, help_text="A sentence for readers: what is wrong with these results.")
    reference = models.CharField(
        max_length=300,
        blank=True,
        default="",
        validators=[URLValidator(["https", "http"])],
        help_text="Where that is written down, for example an issue.",
    )
    kind = models.TextField(choices=Kind)
    effect = models.TextField(choices=Effect, default=Effect.MARK)
    tasks = models.ManyToManyField(
        Task, blank=True, related_name="stale_rules", help_text="None: the rule is about every task."
    )
    first_version = models.CharField(
        max_length=40,
        blank=True,
        default="",
        help_text="The first mteb version that is wrong; empty: all up to the last.",
    )
    last_version = models.CharField(
        max_length=40,
        blank=True,
        default="",
        help_text="The last mteb version that is wrong; empty: all from the first.",
    )
    dataset_revision = models.CharField(
        max_length=100,
        blank=True,
        default="",
        help_text="The revision that is out of date; empty: any other than the task names now.",
    )
    is_active = models.BooleanField(default=True, help_text="A rule that is switched off hits nothing.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="a_stale_rule_gives_its_reason"),
            models.CheckConstraint(
                condition=Q(kind="dataset_revision") | ~Q(first_version="", last_version=""),
                name="a_rule_about_versions_names_one",
            ),
        ]

    def __str__(self) -> str:
        return self.reason

    def get_absolute_url(self) -> str:
        return reverse("stale_rule", args=[self.pk])


class StaleResult(models.Model):
    """That a rule hits a result. `hides` repeats the rule's effect: what counts is decided from this table alone."""

    rule = models.ForeignKey(StaleRule, models.CASCADE, related_name="hits")
    result = models.ForeignKey(TaskResult, models.CASCADE, related_name="stale_by")
    hides = models.BooleanField(default=False)

    class Meta:
        verbose_name = "stale result"
        constraints = [
            models.UniqueConstraint(fields=["rule", "result"], name="a_rule_hits_a_result_once"),
        ]

    def __str__(self) -> str:
        return f"{self.result}: {self.rule}"


class StaleRuleEvent(models.Model):
    """What a rule did and when; written by the services and never changed."""

    rule = models.ForeignKey(StaleRule, models.SET_NULL, null=True, related_name="events")
    rule_text = models.TextField(help_text="The rule as it was then.")
    n_stale = models.IntegerField(help_text="Results that it hit afterwards.")
    n_hidden = models.IntegerField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-pk"]
        verbose_name = "event of a stale rule"

    def __str__(self) -> str:
        return f"{self.rule_text}: {self.n_stale} stale, {self.n_hidden} hidden"


class ResultChoice(models.Model):
    """A maintainer's decision that an earlier result counts again, instead of those stored up to then.

    Results that are stored later compete with the chosen one by the usual rule. Undone, the row stays as a record.
    """

    variant = models.ForeignKey(Variant, models.PROTECT, related_name="result_choices")
    task = models.ForeignKey(Task, models.PROTECT, related_name="result_choices")
    result = models.ForeignKey(TaskResult, models.PROTECT, related_name="choices")
    latest_result_id = models.BigIntegerField(help_text="The newest result at that time.")
    reason = models.CharField(max_length=300)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(auto_now_add=True)
    undone_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        verbose_name = "rollback"
        constraints = [
            models.UniqueConstraint(
                fields=["variant", "task"], condition=Q(undone_at__isnull=True), name="one_rollback_at_a_time"
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="a_rollback_gives_its_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.result} counts again"
