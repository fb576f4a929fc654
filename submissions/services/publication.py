"""Publishing private submissions: by their owner, or when the embargo is over.

Boards are computed for it, so a worker does it, within seconds; imports numpy where it does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone
from django_q.tasks import async_task

from leaderboard.services.audit import record
from submissions.models import Submission
from submissions.notices import Event
from submissions.one_by_one import one_by_one
from submissions.services.errors import NotPossible
from submissions.services.notifications import notify
from submissions.services.plausibility import report_plausibility

if TYPE_CHECKING:
    from django.contrib.auth.models import User

JOB = "submissions.jobs.publish_due"


@transaction.atomic
def ask_to_publish(*, submission: Submission, by: User | None = None) -> None:
    """End the embargo now and wake somebody who publishes. Raises NotPossible.

    `by` is noted in the audit log where it is not the submitter.
    """
    if not submission.can_be_published:
        raise NotPossible(f"{submission} cannot be published: it is public, or was not approved.")
    submission.embargo_until = timezone.now()
    submission.save(update_fields=["embargo_until"])
    if by is not None and by != submission.submitter:
        record(actor=by, action="published", subject=submission)
    transaction.on_commit(lambda: async_task(JOB, save=False))


def publish_due() -> int:
    """Publish whatever is due, each by itself; says how many submissions that were."""
    due = list(Submission.objects.to_be_published().order_by("pk").values_list("pk", flat=True))
    return one_by_one(_publish, due, failing="Submission %s could not be published")


@transaction.atomic
def _publish(pk: int) -> bool:
    """All of one submission at once: its results, its model with what is known of it, and what it declines.

    What is unusual about it is looked at once more: the board may have moved on while it was private.
    """
    from evaluation.services.publication import publish_run
    from submissions.services.model_entries import describe_model

    submission = Submission.objects.select_for_update(of=("self",)).select_related("run").get(pk=pk)
    if not submission.can_be_published or submission.run is None:
        return False
    submission.published_at = timezone.now()
    submission.save(update_fields=["published_at"])
    publish_run(run=submission.run)
    describe_model(submission)
    report_plausibility(submission=submission)
    notify(submission=submission, event=Event.PUBLISHED)
    return True
