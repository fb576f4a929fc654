"""The moderators' desk."""

from submissions.admin.audit import AuditEntryAdmin
from submissions.admin.datasets import DatasetUploadAdmin
from submissions.admin.organisations import OrganisationAdmin
from submissions.admin.submissions import SubmissionAdmin
from submissions.admin.tokens import ApiTokenAdmin
from submissions.admin.users import AccountAdmin, RoleAdmin

__all__ = [
    "AccountAdmin",
    "ApiTokenAdmin",
    "AuditEntryAdmin",
    "DatasetUploadAdmin",
    "OrganisationAdmin",
    "RoleAdmin",
    "SubmissionAdmin",
]
