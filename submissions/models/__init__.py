"""What the front door keeps."""

from submissions.models.announcements import Announcement
from submissions.models.notifications import Delivery, Notification, NotificationSettings, SubmissionNotices, Webhook
from submissions.models.organisations import Invitation, Membership, Organisation
from submissions.models.submissions import SourceKind, Submission, SubmissionQuerySet
from submissions.models.tokens import ApiToken

__all__ = [
    "Announcement",
    "ApiToken",
    "Delivery",
    "Invitation",
    "Membership",
    "Notification",
    "NotificationSettings",
    "Organisation",
    "SourceKind",
    "Submission",
    "SubmissionNotices",
    "SubmissionQuerySet",
    "Webhook",
]
