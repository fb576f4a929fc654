"""The moderators' desk."""

from submissions.admin.announcements import AnnouncementAdmin
from submissions.admin.audit import AuditEntryAdmin
from submissions.admin.datasets import DatasetUploadAdmin
from submissions.admin.notifications import DeliveryAdmin
from submissions.admin.organisations import OrganisationAdmin
from submissions.admin.quotas import QuotaAdmin
from submissions.admin.submissions import SubmissionAdmin
from submissions.admin.tokens import ApiTokenAdmin
from submissions.admin.uploads import ResultUploadAdmin
from submissions.admin.users import AccountAdmin, RoleAdmin
from submissions.admin.verification import ComparisonAdmin, ResultFlagAdmin, SpotCheckAdmin, SpotCheckRuleAdmin

__all__ = [
    "AccountAdmin",
    "AnnouncementAdmin",
    "ApiTokenAdmin",
    "AuditEntryAdmin",
    "ComparisonAdmin",
    "DatasetUploadAdmin",
    "DeliveryAdmin",
    "OrganisationAdmin",
    "QuotaAdmin",
    "ResultFlagAdmin",
    "ResultUploadAdmin",
    "RoleAdmin",
    "SpotCheckAdmin",
    "SpotCheckRuleAdmin",
    "SubmissionAdmin",
]
