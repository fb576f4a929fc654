"""Background work of the front door, as django-q2 calls it. Each job may come twice, late or never."""

from __future__ import annotations

from submissions.selectors.plausibility import outdated_reports
from submissions.services.plausibility import report_plausibility

AT_ONCE = 100


def refresh_plausibility() -> int:
    """Compute missing and outdated plausibility reports; says how many. The rest waits for the next time."""
    outdated = list(outdated_reports().select_related("run")[:AT_ONCE])
    for submission in outdated:
        report_plausibility(submission=submission)
    return len(outdated)
