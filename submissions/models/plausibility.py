"""What is unusual about each submission, as it was computed last."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models

from submissions.models.submissions import Submission
from submissions.plausibility import LABELS, NOT_FOR_SUBMITTERS, Kind


class PlausibilityReport(models.Model):
    """Computed when a submission comes in, and again as its results arrive."""

    submission = models.OneToOneField(Submission, models.CASCADE, primary_key=True, related_name="plausibility")
    computed_at = models.DateTimeField()
    findings = models.JSONField(default=list, help_text="[{kind, sentence, lines}], the gravest first.")
    kinds = ArrayField(models.TextField(), default=list, help_text="Those of the findings, to filter by.")
    size_class = models.TextField(blank=True, default="", help_text="Empty where the size is unknown.")
    n_results = models.IntegerField(default=0, help_text="Finished tasks of the run when it was computed.")

    class Meta:
        indexes = [GinIndex(fields=["kinds"], name="report_by_kind")]

    def __str__(self) -> str:
        return f"Plausibility of {self.submission}"

    @property
    def for_submitter(self) -> list[dict[str, Any]]:
        """The findings that the submitter may read: facts and scores, no suspicion."""
        return [finding for finding in self.labelled if not finding["is_hidden"]]

    @property
    def labelled(self) -> list[dict[str, Any]]:
        """All findings, each with the words of its badge and whether the submitter reads it."""
        return [
            finding | {"label": LABELS[kind], "is_hidden": kind in NOT_FOR_SUBMITTERS}
            for finding in self.findings
            if (kind := Kind(finding["kind"]))
        ]
