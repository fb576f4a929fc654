"""Who is told what, by which ways, and what became of it."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db.models import Prefetch, Q, QuerySet

from submissions.models import Delivery, Notification, NotificationSettings, Submission, SubmissionNotices, Webhook
from submissions.selectors.submissions import may_see
from submissions.selectors.watches import watchers_of


def people_concerned(submission: Submission) -> list[User]:
    """Whoever submitted it, and those who watch it or its run and may open its page."""
    people = [submission.submitter, *(watch.user for watch in watchers_of(submission))]
    return [person for person in dict.fromkeys(people) if may_see(person, submission)]


def onlookers(submission: Submission) -> list[User]:
    """Others who watch it or its run; nobody while it is hidden."""
    if submission.is_hidden:
        return []
    watchers = dict.fromkeys(watch.user for watch in watchers_of(submission))
    return [person for person in watchers if not may_see(person, submission)]


def wants_email(user: User, submission: Submission | None = None) -> bool:
    """What they chose for the submission, else what they chose for everything, else yes."""
    if submission is not None:
        chosen = SubmissionNotices.objects.filter(user=user, submission=submission).first()
        if chosen is not None:
            return chosen.by_email
    general = NotificationSettings.objects.filter(user=user).first()
    return general is None or general.by_email


def notices_in_form(user: User, submission: Submission) -> dict[str, str]:
    """Initial values of the fields of `NoticesFields`: what the person chose for this submission."""
    chosen = SubmissionNotices.objects.filter(user=user, submission=submission).first()
    webhook = webhook_of(user, submission)
    by_email = "" if chosen is None else ("yes" if chosen.by_email else "no")
    return {"by_email": by_email, "webhook": webhook.url if webhook else ""}


def webhooks_for(user: User, submission: Submission | None = None) -> QuerySet[Webhook]:
    """Those for everything, and those for this submission."""
    meant = Q(submission__isnull=True)
    if submission is not None:
        meant |= Q(submission=submission)
    return Webhook.objects.filter(meant, owner=user)


def webhook_of(user: User, submission: Submission | None = None) -> Webhook | None:
    return Webhook.objects.filter(owner=user, submission=submission).first()


def notifications_of(user: User, submission: Submission | None = None) -> QuerySet[Notification]:
    """Of everything or of one submission, the newest first, each with what became of it."""
    notifications = Notification.objects.filter(recipient=user)
    if submission is not None:
        notifications = notifications.filter(submission=submission)
    deliveries = Prefetch("deliveries", Delivery.objects.order_by("pk"))
    return notifications.prefetch_related(deliveries)


def failed_deliveries(user: User, submission: Submission) -> QuerySet[Delivery]:
    """What this person was to be told of the submission and could not be."""
    return Delivery.objects.filter(
        notification__recipient=user, notification__submission=submission, state=Delivery.State.FAILED
    ).select_related("notification", "webhook")
