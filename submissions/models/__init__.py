"""What the front door keeps."""

from submissions.models.messages import SubmissionMessage
from submissions.models.organisations import Invitation, Membership, Organisation
from submissions.models.plausibility import PlausibilityReport
from submissions.models.submissions import SourceKind, Submission, SubmissionQuerySet
from submissions.models.tokens import ApiToken

__all__ = [
    "ApiToken",
    "Invitation",
    "Membership",
    "Organisation",
    "PlausibilityReport",
    "SourceKind",
    "Submission",
    "SubmissionMessage",
    "SubmissionQuerySet",
]
