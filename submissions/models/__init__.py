"""What the front door keeps."""

from submissions.models.edits import SubmissionEdit
from submissions.models.organisations import Invitation, Membership, Organisation
from submissions.models.quotas import Quota
from submissions.models.submissions import SourceKind, Submission, SubmissionQuerySet, Visibility
from submissions.models.tokens import ApiToken
from submissions.models.watches import Watch

__all__ = [
    "ApiToken",
    "Invitation",
    "Membership",
    "Organisation",
    "Quota",
    "SourceKind",
    "Submission",
    "SubmissionEdit",
    "SubmissionQuerySet",
    "Visibility",
    "Watch",
]
