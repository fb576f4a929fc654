"""Who wants to be told what, and what was sent: an outbox, written together with what it tells of."""

from __future__ import annotations

from functools import reduce
from operator import or_
from urllib.parse import urlsplit

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.crypto import salted_hmac

from leaderboard.models import ResultFlag
from submissions.models.datasets import DatasetUpload
from submissions.models.submissions import Submission
from submissions.models.uploads import ResultUpload
from submissions.notices import LABELS, Event, Subject

_ABOUT_ONE_THING = reduce(
    or_, (Q(**{f"{other}__isnull": other is not subject for other in Subject}) for subject in Subject)
)


class NotificationSettings(models.Model):
    """What a person wants; who has no row wants e-mail."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="notification_settings"
    )
    by_email = models.BooleanField(default=True)

    class Meta:
        verbose_name_plural = "notification settings"

    def __str__(self) -> str:
        return f"Settings of {self.user}"


class SubmissionNotices(models.Model):
    """What a person wants of one submission, where that differs from what they want otherwise."""

    submission = models.ForeignKey(Submission, models.CASCADE, related_name="notice_choices")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="notice_choices")
    by_email = models.BooleanField()

    class Meta:
        verbose_name_plural = "submission notices"
        constraints = [
            models.UniqueConstraint(fields=["submission", "user"], name="one_choice_of_notices_per_submission")
        ]

    def __str__(self) -> str:
        return f"Notices of {self.submission} for {self.user}"


class Webhook(models.Model):
    """An address of a person's own that is told by POST: of everything that concerns them, or of one submission.

    The secret is derived from `salt` and the site's secret key, so the database alone does not give it away.
    """

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="webhooks")
    submission = models.ForeignKey(Submission, models.CASCADE, null=True, blank=True, related_name="webhooks")
    url = models.TextField()
    salt = models.TextField()
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["owner"], condition=Q(submission__isnull=True), name="a_person_has_one_webhook_for_everything"
            ),
            models.UniqueConstraint(fields=["owner", "submission"], name="one_webhook_per_person_and_submission"),
            models.CheckConstraint(condition=~Q(url="") & ~Q(salt=""), name="a_webhook_has_an_address_and_a_salt"),
        ]

    def __str__(self) -> str:
        return f"Webhook of {self.owner}"

    @property
    def secret(self) -> str:
        """What its messages are signed with."""
        return "whsec_" + salted_hmac("submissions.webhook", self.salt, algorithm="sha256").hexdigest()


class Notification(models.Model):
    """That something ended or somebody spoke, for one person. `facts` are `notices.Facts`, as they were then."""

    recipient = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="notifications")
    submission = models.ForeignKey(Submission, models.CASCADE, null=True, blank=True, related_name="notifications")
    upload = models.ForeignKey(ResultUpload, models.CASCADE, null=True, blank=True, related_name="notifications")
    dataset = models.ForeignKey(DatasetUpload, models.CASCADE, null=True, blank=True, related_name="notifications")
    flag = models.ForeignKey(ResultFlag, models.CASCADE, null=True, blank=True, related_name="notifications")
    event = models.TextField(choices=[(event.value, label) for event, label in LABELS.items()])
    facts = models.JSONField()
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-pk"]
        indexes = [models.Index(fields=["recipient", "-id"], name="notifications_of_a_person")]
        constraints = [
            models.CheckConstraint(
                condition=Q(event__in=[event.value for event in Event]), name="a_notification_tells_of_a_known_event"
            ),
            models.CheckConstraint(condition=_ABOUT_ONE_THING, name="a_notification_is_about_one_thing"),
        ]

    def __str__(self) -> str:
        return f"{self.name}: {self.get_event_display()}"

    @property
    def name(self) -> str:
        """Of the model or dataset."""
        return str(self.facts["name"])

    @property
    def path(self) -> str:
        """The page that its recipient may open, on this board."""
        return urlsplit(self.facts["address"]).path


class Delivery(models.Model):
    """A notification on its way by one channel. It is tried at `available_at`; `attempts` were begun."""

    class Channel(models.TextChoices):
        EMAIL = "email", "e-mail"
        WEBHOOK = "webhook", "webhook"

    class State(models.TextChoices):
        WAITING = "waiting", "waiting"
        DELIVERED = "delivered", "delivered"
        FAILED = "failed", "failed"

    notification = models.ForeignKey(Notification, models.CASCADE, related_name="deliveries")
    channel = models.TextField(choices=Channel)
    webhook = models.ForeignKey(Webhook, models.CASCADE, null=True, blank=True, related_name="deliveries")
    state = models.TextField(choices=State, default=State.WAITING)
    attempts = models.SmallIntegerField(default=0)
    available_at = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True, blank=True)
    error = models.TextField(blank=True, default="", help_text="Why the last attempt failed.")

    class Meta:
        ordering = ["-pk"]
        verbose_name_plural = "deliveries"
        indexes = [
            models.Index(fields=["available_at"], condition=Q(state="waiting"), name="deliveries_that_wait"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(channel="webhook", webhook__isnull=False) | Q(channel="email", webhook__isnull=True),
                name="a_delivery_by_webhook_has_one",
            ),
            models.CheckConstraint(
                condition=Q(state="waiting", ended_at__isnull=True) | ~Q(state="waiting") & Q(ended_at__isnull=False),
                name="a_delivery_that_ended_says_when",
            ),
            models.CheckConstraint(condition=~Q(state="failed") | ~Q(error=""), name="a_failed_delivery_says_why"),
            models.UniqueConstraint(F("notification"), F("channel"), F("webhook"), name="a_webhook_is_told_once"),
        ]

    def __str__(self) -> str:
        return f"{self.notification} by {self.get_channel_display()}"
