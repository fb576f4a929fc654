"""Datasets that people bring to become custom tasks, and what was decided."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse

from leaderboard.models import Benchmark


class DatasetSource(models.TextChoices):
    ARCHIVE = "archive", "Upload"
    HUB = "hub", "Hub"


class DatasetUpload(models.Model):
    """A folder of custom tasks that was checked and kept under the hash of its content."""

    class State(models.TextChoices):
        PENDING = "pending", "waiting for a decision"
        APPROVED = "approved", "approved"
        REJECTED = "rejected", "rejected"

    submitter = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="dataset_uploads")
    source_kind = models.TextField(choices=DatasetSource)
    hub_name = models.TextField(blank=True, default="")
    hub_commit = models.TextField(blank=True, default="")
    content = models.TextField(help_text="The hash of the files, and the name of the folder that keeps them.")
    benchmark_name = models.TextField()
    tasks = models.JSONField(default=list, help_text="[{name, type, main_score, n_samples, has_metric}]")
    note = models.TextField(blank=True, default="")

    state = models.TextField(choices=State, default=State.PENDING)
    created_at = models.DateTimeField(auto_now_add=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    reason = models.TextField(blank=True, default="", help_text="Why it was rejected, in words for the submitter.")
    benchmark = models.ForeignKey(Benchmark, models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["-pk"]
        verbose_name = "dataset"
        constraints = [
            models.UniqueConstraint(
                fields=["content"], condition=Q(state="pending"), name="the_same_dataset_waits_only_once"
            ),
            models.CheckConstraint(
                condition=Q(state="pending") | Q(decided_by__isnull=False, decided_at__isnull=False),
                name="a_decided_dataset_says_who_and_when",
            ),
            models.CheckConstraint(
                condition=~Q(state="rejected") | ~Q(reason=""), name="a_rejected_dataset_has_a_reason"
            ),
            models.CheckConstraint(
                condition=Q(source_kind="hub", hub_commit__regex=r"^[0-9a-f]{40}$")
                | Q(source_kind="archive", hub_name="", hub_commit=""),
                name="a_dataset_of_the_hub_is_pinned_to_a_commit",
            ),
        ]

    def __str__(self) -> str:
        return self.benchmark_name

    def get_absolute_url(self) -> str:
        return reverse("dataset", args=[self.pk])

    @property
    def came_from(self) -> str:
        if self.source_kind == DatasetSource.HUB:
            return f"{self.hub_name} at {self.hub_commit[:8]} of the Hub"
        return f"an upload by {self.submitter}"
