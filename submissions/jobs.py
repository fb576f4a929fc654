"""Background work of the front door, as django-q2 calls it. Each job may come twice, late or never."""

from __future__ import annotations

from submissions.models import SpotCheckRule, Submission
from submissions.one_by_one import one_by_one
from submissions.selectors.plausibility import outdated_reports
from submissions.services import publication, retention
from submissions.services.flags import flag_disagreements
from submissions.services.plausibility import report_plausibility
from submissions.services.spot_checks import apply_rule

AT_ONCE = 100


def publish_due() -> int:
    """Publish what was kept back until now; says how many submissions that were."""
    return publication.publish_due()


def delete_what_is_old() -> int:
    return retention.delete_what_is_old()


def refresh_plausibility() -> int:
    """Compute missing and outdated plausibility reports; says how many. The rest waits for the next time."""
    outdated = list(outdated_reports().select_related("run")[:AT_ONCE])
    return one_by_one(_report, outdated, failing="The plausibility of %s could not be worked out")


def spot_checks() -> int:
    """Tell moderators what disagrees, and pick what the rules that are due want rerun; says how many runs those are."""
    flag_disagreements()
    rules = SpotCheckRule.objects.filter(is_active=True)
    return one_by_one(_apply, rules, failing="The rule of spot checks “%s” could not be applied")


def _report(submission: Submission) -> int:
    report_plausibility(submission=submission)
    return 1


def _apply(rule: SpotCheckRule) -> int:
    return len(apply_rule(rule=rule))
