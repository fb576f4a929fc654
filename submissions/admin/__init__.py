"""The moderators' desk."""

from submissions.admin.organisations import OrganisationAdmin
from submissions.admin.quotas import QuotaAdmin
from submissions.admin.submissions import SubmissionAdmin
from submissions.admin.tokens import ApiTokenAdmin
from submissions.admin.users import AccountAdmin, RoleAdmin

__all__ = ["AccountAdmin", "ApiTokenAdmin", "OrganisationAdmin", "QuotaAdmin", "RoleAdmin", "SubmissionAdmin"]
