"""What the front door keeps."""

from submissions.models.datasets import DatasetSource, DatasetUpload
from submissions.models.messages import SubmissionMessage
from submissions.models.organisations import Invitation, Membership, Organisation
from submissions.models.plausibility import PlausibilityReport
from submissions.models.spot_checks import SpotCheck, SpotCheckRule
from submissions.models.submissions import SourceKind, Submission, SubmissionQuerySet
from submissions.models.tokens import ApiToken
from submissions.models.uploads import ResultUpload, UploadedFile

__all__ = [
    "ApiToken",
    "DatasetSource",
    "DatasetUpload",
    "Invitation",
    "Membership",
    "Organisation",
    "PlausibilityReport",
    "ResultUpload",
    "SourceKind",
    "SpotCheck",
    "SpotCheckRule",
    "Submission",
    "SubmissionMessage",
    "SubmissionQuerySet",
    "UploadedFile",
]
