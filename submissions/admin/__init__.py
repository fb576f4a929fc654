"""The moderators' desk."""

from submissions.admin.audit import AuditEntryAdmin
from submissions.admin.submissions import SubmissionAdmin

__all__ = ["AuditEntryAdmin", "SubmissionAdmin"]
