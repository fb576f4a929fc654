"""The moderators' desk."""

from submissions.admin.announcements import AnnouncementAdmin
from submissions.admin.notifications import DeliveryAdmin
from submissions.admin.organisations import OrganisationAdmin
from submissions.admin.submissions import SubmissionAdmin
from submissions.admin.tokens import ApiTokenAdmin
from submissions.admin.users import AccountAdmin, RoleAdmin

__all__ = [
    "AccountAdmin",
    "AnnouncementAdmin",
    "ApiTokenAdmin",
    "DeliveryAdmin",
    "OrganisationAdmin",
    "RoleAdmin",
    "SubmissionAdmin",
]
