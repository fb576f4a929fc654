"""What the front door keeps."""

from submissions.models.messages import SubmissionMessage
from submissions.models.plausibility import PlausibilityReport
from submissions.models.submissions import SourceKind, Submission, SubmissionQuerySet

__all__ = ["PlausibilityReport", "SourceKind", "Submission", "SubmissionMessage", "SubmissionQuerySet"]
