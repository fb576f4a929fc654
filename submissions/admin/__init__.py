"""The maintainers' desk."""

from submissions.admin.submissions import SubmissionAdmin

__all__ = ["SubmissionAdmin"]
