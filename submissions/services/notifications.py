"""Telling people what became of what they gave: outbox rows in the transaction that changes it, sent by a job."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.urls import reverse
from django_q.tasks import async_task

from evaluation.models import EvaluationRun
from evaluation.selectors.runs import run_progress
from leaderboard.models import ResultFlag
from submissions.models import (
    DatasetUpload,
    Delivery,
    Notification,
    NotificationSettings,
    ResultUpload,
    Submission,
    SubmissionNotices,
    Webhook,
)
from submissions.notices import NOT_FOR_ONLOOKERS, Event, Facts, for_onlookers
from submissions.outbound import AddressRefused, check_url
from submissions.selectors import notifications as selectors
from submissions.selectors.flags import people_of_flag

RETRY_WAITS = (
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=15),
    timedelta(hours=1),
    timedelta(hours=6),
)
SENDING = timedelta(minutes=2)
"""Whoever takes a delivery has so long to send it; after that it counts as lost and is taken again."""

RUN_EVENTS = {
    EvaluationRun.State.DONE: Event.RUN_DONE,
    EvaluationRun.State.FAILED: Event.RUN_FAILED,
    EvaluationRun.State.CANCELLED: Event.RUN_CANCELLED,
}


class WebhookRefused(Exception):
    """The message is a sentence for the person who gave the address."""


def run_ended(run: EvaluationRun) -> None:
    """Tell of the end of a run; called by the settings' EVALUATION_RUN_ENDED in the transaction that ends it."""
    submission = Submission.objects.filter(run=run).first()
    if submission is not None:
        notify(submission=submission, event=RUN_EVENTS[EvaluationRun.State(run.state)])


@transaction.atomic
def notify(*, submission: Submission, event: Event, message: str = "") -> list[Notification]:
    """Write down for everybody concerned that something ended; it is sent once this is committed.

    `message` are the moderators' own words: a reason, a question. Onlookers are not told them.
    """
    facts = _facts(submission, event, message)
    told = dict.fromkeys(selectors.people_concerned(submission), facts)
    if event not in NOT_FOR_ONLOOKERS:
        known_to_all = for_onlookers(facts, _address(reverse("submissions")))
        told |= dict.fromkeys(selectors.onlookers(submission), known_to_all)
    return _write(told, submission)


@transaction.atomic
def notify_of_upload(*, upload: ResultUpload, event: Event) -> list[Notification]:
    facts = Facts(
        event=event,
        number=upload.pk,
        address=_address(upload.get_absolute_url()),
        name=upload.model_name,
        revision=upload.model_revision,
        message=upload.reason,
    )
    return _write({upload.submitter: facts}, upload)


@transaction.atomic
def notify_of_dataset(*, dataset: DatasetUpload, event: Event) -> list[Notification]:
    facts = Facts(
        event=event,
        number=dataset.pk,
        address=_address(dataset.get_absolute_url()),
        name=dataset.benchmark_name,
        message=dataset.reason,
    )
    return _write({dataset.submitter: facts}, dataset)


@transaction.atomic
def notify_of_flag(*, flag: ResultFlag, event: Event, by: User | None, message: str) -> list[Notification]:
    """Tell whose result it is and who wrote to the flag, but not the one who writes now."""
    revision = flag.result.model_revision
    facts = Facts(
        event=event,
        number=flag.pk,
        address=_address(flag.get_absolute_url()),
        name=revision.model_meta.name,
        revision=revision.name,
        task=flag.result.task.name,
        message=message,
    )
    return _write({person: facts for person in people_of_flag(flag) if person != by}, flag)


def _write(
    told: Mapping[User, Facts], about: Submission | ResultUpload | DatasetUpload | ResultFlag
) -> list[Notification]:
    """One notification for each person whose account is open, with its deliveries."""
    submission = about if isinstance(about, Submission) else None
    written = []
    for recipient, facts in told.items():
        if recipient.is_active:
            subject = {facts.event.subject.value: about}
            notification = Notification.objects.create(
                recipient=recipient, event=facts.event.value, facts=asdict(facts), **subject
            )
            Delivery.objects.bulk_create(_deliveries(notification, recipient, submission))
            written.append(notification)
    if written:
        transaction.on_commit(_send_soon)
    return written


def _deliveries(notification: Notification, recipient: User, submission: Submission | None) -> Iterable[Delivery]:
    if recipient.email and selectors.wants_email(recipient, submission):
        yield Delivery(notification=notification, channel=Delivery.Channel.EMAIL)
    for webhook in selectors.webhooks_for(recipient, submission):
        yield Delivery(notification=notification, channel=Delivery.Channel.WEBHOOK, webhook=webhook)


def _facts(submission: Submission, event: Event, message: str) -> Facts:
    facts = Facts(
        event=event,
        number=submission.pk,
        address=_address(submission.get_absolute_url()),
        name=submission.model_name,
        revision=submission.model_revision,
        message=message,
    )
    if submission.run is None:
        return facts
    progress = run_progress(submission.run)
    return Facts(
        **asdict(facts)
        | {
            "run": submission.run.pk,
            "run_address": _address(submission.run.get_absolute_url()),
            "done": progress.done,
            "failed": progress.failed,
            "total": progress.total,
        }
    )


def _address(path: str) -> str:
    return settings.SITE_URL.rstrip("/") + path


def _send_soon() -> None:
    async_task("submissions.delivery_jobs.deliver", cluster="default", ack_failure=True, save=False)


def save_settings(*, user: User, by_email: bool) -> None:
    NotificationSettings.objects.update_or_create(user=user, defaults={"by_email": by_email})


def choose_for_submission(*, user: User, submission: Submission, by_email: bool) -> None:
    """What the person wants of this one submission, whatever they want otherwise."""
    SubmissionNotices.objects.update_or_create(user=user, submission=submission, defaults={"by_email": by_email})


@transaction.atomic
def choose_notices(*, user: User, submission: Submission, by_email: bool | None, webhook: str) -> Webhook | None:
    """What the form of a submission asks for: None as everywhere, an empty address for no webhook.

    The webhook, if its address is new: its secret is to be shown. Raises WebhookRefused.
    """
    if by_email is None:
        SubmissionNotices.objects.filter(user=user, submission=submission).delete()
    else:
        choose_for_submission(user=user, submission=submission, by_email=by_email)
    known = selectors.webhook_of(user, submission)
    if not webhook:
        remove_webhook(owner=user, submission=submission)
    elif known is None or known.url != webhook:
        return set_webhook(owner=user, url=webhook, submission=submission)
    return None


def set_webhook(*, owner: User, url: str, submission: Submission | None = None) -> Webhook:
    """The person's webhook, for everything or for one submission, at this address and with a new secret."""
    try:
        check_url(url, allow_private=settings.WEBHOOK_PRIVATE, allow_http=settings.WEBHOOK_HTTP)
    except AddressRefused as refused:
        raise WebhookRefused(str(refused)) from None
    webhook, _ = Webhook.objects.update_or_create(
        owner=owner, submission=submission, defaults={"url": url, "salt": secrets.token_hex(16)}
    )
    return webhook


def remove_webhook(*, owner: User, submission: Submission | None = None) -> None:
    """What waits to be sent to it goes with it."""
    Webhook.objects.filter(owner=owner, submission=submission).delete()


@transaction.atomic
def claim_delivery() -> Delivery | None:
    """The next delivery that is due, ours for a while; the attempt counts whatever becomes of us."""
    delivery = (
        Delivery.objects.filter(state=Delivery.State.WAITING, available_at__lte=Now())
        .select_related("notification__recipient", "webhook")
        .select_for_update(skip_locked=True, of=("self",))
        .order_by("available_at", "pk")
        .first()
    )
    if delivery is None:
        return None
    delivery.attempts += 1
    Delivery.objects.filter(pk=delivery.pk).update(attempts=delivery.attempts, available_at=Now() + SENDING)
    return delivery


def delivered(*, delivery: Delivery) -> None:
    _ours(delivery).update(state=Delivery.State.DELIVERED, ended_at=Now(), error="")


def not_delivered(*, delivery: Delivery, error: str) -> None:
    """Try again later, longer each time; after the last try the recipient sees on their page what went wrong."""
    if delivery.attempts > len(RETRY_WAITS):
        _ours(delivery).update(state=Delivery.State.FAILED, ended_at=Now(), error=error)
    else:
        _ours(delivery).update(available_at=Now() + RETRY_WAITS[delivery.attempts - 1], error=error)


def send_again(*, delivery: Delivery) -> None:
    """Once more from the beginning, for one that failed for good."""
    again = Delivery.objects.filter(pk=delivery.pk, state=Delivery.State.FAILED).update(
        state=Delivery.State.WAITING, attempts=0, available_at=Now(), ended_at=None
    )
    if again:
        transaction.on_commit(_send_soon)


def _ours(delivery: Delivery) -> QuerySet[Delivery]:
    """Nothing, if somebody else took it meanwhile."""
    return Delivery.objects.filter(pk=delivery.pk, attempts=delivery.attempts, state=Delivery.State.WAITING)
