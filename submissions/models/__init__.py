"""What the front door keeps."""

from submissions.models.announcements import Announcement
from submissions.models.datasets import DatasetSource, DatasetUpload
from submissions.models.edits import SubmissionEdit
from submissions.models.messages import SubmissionMessage
from submissions.models.notifications import Delivery, Notification, NotificationSettings, SubmissionNotices, Webhook
from submissions.models.organisations import Invitation, Membership, Organisation
from submissions.models.plausibility import PlausibilityReport
from submissions.models.quotas import Quota
from submissions.models.spot_checks import SpotCheck, SpotCheckRule
from submissions.models.submissions import SourceKind, Submission, SubmissionQuerySet, Visibility
from submissions.models.tokens import ApiToken
from submissions.models.uploads import ResultUpload, UploadedFile
from submissions.models.watches import Watch

__all__ = [
    "Announcement",
    "ApiToken",
    "DatasetSource",
    "DatasetUpload",
    "Delivery",
    "Invitation",
    "Membership",
    "Notification",
    "NotificationSettings",
    "Organisation",
    "PlausibilityReport",
    "Quota",
    "ResultUpload",
    "SourceKind",
    "SpotCheck",
    "SpotCheckRule",
    "Submission",
    "SubmissionEdit",
    "SubmissionMessage",
    "SubmissionNotices",
    "SubmissionQuerySet",
    "UploadedFile",
    "Visibility",
    "Watch",
    "Webhook",
]
