"""What the front door keeps."""

from submissions.models.datasets import DatasetSource, DatasetUpload
from submissions.models.organisations import Invitation, Membership, Organisation
from submissions.models.submissions import SourceKind, Submission, SubmissionQuerySet
from submissions.models.tokens import ApiToken

__all__ = [
    "ApiToken",
    "DatasetSource",
    "DatasetUpload",
    "Invitation",
    "Membership",
    "Organisation",
    "SourceKind",
    "Submission",
    "SubmissionQuerySet",
]
