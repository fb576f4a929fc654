"""Reads of datasets that people brought."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db.models import QuerySet

from evaluation.models import CustomMetric
from submissions.models import DatasetUpload


def visible_datasets(user: User) -> QuerySet[DatasetUpload]:
    """A person's own; everybody's for who may view them in the admin."""
    uploads = DatasetUpload.objects.select_related("submitter", "benchmark")
    return uploads if user.has_perm("submissions.view_datasetupload") else uploads.filter(submitter=user)


def waiting_metrics(upload: DatasetUpload) -> QuerySet[CustomMetric]:
    """Metrics of the dataset whose code nobody has approved yet."""
    hashes = [task["metric"] for task in upload.tasks if task["metric"]]
    return CustomMetric.objects.filter(sha256__in=hashes, approved_at=None)
