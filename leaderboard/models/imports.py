"""What imports did: each run, and each file with its fate."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from leaderboard.models.results import ResultSource, TaskResult


class ImportRun(models.Model):
    """One import of a source. Only a finished run changes what the boards show."""

    class State(models.TextChoices):
        RUNNING = "running"
        FINISHED = "finished"
        FAILED = "failed"

    source = models.ForeignKey(ResultSource, models.PROTECT, related_name="import_runs")
    location = models.TextField()
    commit = models.TextField(null=True, blank=True)
    archive_digest = models.BinaryField(null=True, blank=True, help_text="SHA-256 of the archive, if it was one.")
    importer_version = models.IntegerField()
    state = models.TextField(choices=State, default=State.RUNNING)
    started_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    n_files = models.IntegerField(default=0)
    n_new = models.IntegerField(default=0)
    n_unchanged = models.IntegerField(default=0)
    n_gone = models.IntegerField(default=0)
    n_skipped = models.IntegerField(default=0)
    message = models.TextField(blank=True, default="")

    class Meta:
        ordering = ["-started_at"]

    def __str__(self) -> str:
        return f"{self.source} at {self.started_at:%Y-%m-%d %H:%M}"


class ImportedFile(models.Model):
    """A file of a source, with the result it became or the reason why it could not be used.

    `present` says whether the latest finished import of the source still had it.
    """

    source = models.ForeignKey(ResultSource, models.CASCADE, related_name="files", db_index=False)
    path = models.TextField()
    digest = models.BinaryField(max_length=32)
    result = models.ForeignKey(TaskResult, models.PROTECT, null=True, blank=True, related_name="files")
    reason = models.TextField(blank=True, default="", help_text="Why the file could not be used; empty if it was.")
    present = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "path", "digest"], name="a_file_version_is_known_once"),
            models.CheckConstraint(
                condition=Q(result__isnull=False, reason="") | (Q(result__isnull=True) & ~Q(reason="")),
                name="a_file_is_a_result_or_has_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return self.path
