"""The moderators' desk."""

from submissions.admin.audit import AuditEntryAdmin
from submissions.admin.datasets import DatasetUploadAdmin
from submissions.admin.organisations import OrganisationAdmin
from submissions.admin.submissions import SubmissionAdmin
from submissions.admin.tokens import ApiTokenAdmin
from submissions.admin.uploads import ResultUploadAdmin
from submissions.admin.users import AccountAdmin, RoleAdmin
from submissions.admin.verification import ComparisonAdmin, ResultFlagAdmin, SpotCheckAdmin, SpotCheckRuleAdmin

__all__ = [
    "AccountAdmin",
    "ApiTokenAdmin",
    "AuditEntryAdmin",
    "ComparisonAdmin",
    "DatasetUploadAdmin",
    "OrganisationAdmin",
    "ResultFlagAdmin",
    "ResultUploadAdmin",
    "RoleAdmin",
    "SpotCheckAdmin",
    "SpotCheckRuleAdmin",
    "SubmissionAdmin",
]
