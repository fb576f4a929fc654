"""Background work, as django-q2 calls it. Each job may come twice, late or never; the rows say what is to do."""

from __future__ import annotations

from submissions.models import SpotCheckRule
from submissions.services.flags import flag_disagreements
from submissions.services.spot_checks import apply_rule


def spot_checks() -> int:
    """Tell moderators what disagrees, and pick what the rules that are due want rerun; says how many runs those are."""
    flag_disagreements()
    return sum(len(apply_rule(rule=rule)) for rule in SpotCheckRule.objects.filter(is_active=True))
