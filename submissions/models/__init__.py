"""What the front door keeps."""

from submissions.models.organisations import Invitation, Membership, Organisation
from submissions.models.spot_checks import SpotCheck, SpotCheckRule
from submissions.models.submissions import SourceKind, Submission, SubmissionQuerySet
from submissions.models.tokens import ApiToken
from submissions.models.uploads import ResultUpload, UploadedFile

__all__ = [
    "ApiToken",
    "Invitation",
    "Membership",
    "Organisation",
    "ResultUpload",
    "SourceKind",
    "SpotCheck",
    "SpotCheckRule",
    "Submission",
    "SubmissionQuerySet",
    "UploadedFile",
]
