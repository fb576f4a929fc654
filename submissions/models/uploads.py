"""Finished results that somebody hands in, and what was decided about them."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse

from leaderboard.models import Task, TaskResult
from submissions.checks import Outcome, worst_outcome


class ResultUpload(models.Model):
    """Result files of one model revision. They are facts only once a moderator has approved them."""

    class State(models.TextChoices):
        PENDING = "pending", "waiting for a decision"
        APPROVED = "approved", "approved"
        REJECTED = "rejected", "rejected"
        WITHDRAWN = "withdrawn", "withdrawn"

    submitter = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="result_uploads")
    model_name = models.TextField()
    model_revision = models.TextField(help_text="The commit, or the version of a model behind an interface.")
    model_file = models.JSONField(null=True, blank=True, help_text="model_meta.json, as it was uploaded.")
    metadata = models.JSONField(default=dict, help_text="{field: {value, origin}}, as the repository says it.")
    checks = models.JSONField(default=list, help_text="[{name, outcome, sentence}] of the model.")
    note = models.TextField(blank=True, default="")
    state = models.TextField(choices=State, default=State.PENDING)
    created_at = models.DateTimeField(auto_now_add=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="decided_uploads"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    reason = models.TextField(blank=True, default="", help_text="Why it was rejected, in words for the submitter.")

    class Meta:
        ordering = ["-pk"]
        verbose_name = "upload of results"
        verbose_name_plural = "uploads of results"
        indexes = [models.Index(fields=["state", "created_at"], name="upload_by_state")]
        constraints = [
            models.CheckConstraint(
                condition=~Q(model_name="") & ~Q(model_revision=""), name="an_upload_names_model_and_revision"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["approved", "rejected"], decided_by__isnull=False, decided_at__isnull=False)
                | Q(state__in=["pending", "withdrawn"], decided_by__isnull=True, decided_at__isnull=True),
                name="a_decided_upload_has_a_decider",
            ),
            models.CheckConstraint(
                condition=(Q(state="rejected") & ~Q(reason="")) | (~Q(state="rejected") & Q(reason="")),
                name="a_rejected_upload_has_a_reason",
            ),
            models.UniqueConstraint(
                fields=["model_name", "model_revision"],
                condition=Q(state="pending"),
                name="one_pending_upload_per_model_revision",
            ),
        ]

    def __str__(self) -> str:
        return f"Upload {self.pk} of {self.model_name}"

    def get_absolute_url(self) -> str:
        return reverse("upload", args=[self.pk])

    @property
    def is_pending(self) -> bool:
        return self.state == self.State.PENDING


class UploadedFile(models.Model):
    """One result file of an upload, with what the checks said of it. The content goes once it is decided."""

    upload = models.ForeignKey(ResultUpload, models.CASCADE, related_name="files")
    task = models.ForeignKey(Task, models.PROTECT, related_name="uploaded_files")
    path = models.TextField(help_text="Within what was uploaded.")
    settings = models.JSONField(null=True, blank=True, help_text="mteb's experiment_kwargs; NULL for the base run.")
    payload = models.BinaryField(null=True, help_text="The file, compressed with zstandard.")
    score = models.FloatField(null=True, help_text="The mean of its main scores.")
    checks = models.JSONField(default=list, help_text="[{name, outcome, sentence}], as they stood at the upload.")
    result = models.ForeignKey(TaskResult, models.PROTECT, null=True, blank=True, related_name="uploaded_files")

    class Meta:
        ordering = ["task__name", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["upload", "path"], name="a_path_comes_once_in_an_upload"),
            models.CheckConstraint(
                condition=Q(payload__isnull=True) | Q(result__isnull=True), name="a_stored_file_is_kept_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.path} of {self.upload}"

    @property
    def worst_outcome(self) -> Outcome:
        return worst_outcome(self.checks)
