"""What the front door keeps."""

from submissions.models.submissions import SourceKind, Submission, SubmissionQuerySet

__all__ = ["SourceKind", "Submission", "SubmissionQuerySet"]
