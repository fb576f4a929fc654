"""Sends what waits in the outbox, as django-q2 calls it. It may come twice, late or never; the rows say what is to do.

A message may arrive twice, where the process dies after sending it; its number tells.
"""

from __future__ import annotations

import logging
import time

import orjson
from django.conf import settings
from django.core.mail import send_mail
from django.urls import reverse

from submissions import outbound
from submissions.models import Delivery, Notification, Webhook
from submissions.notices import Event, Facts, mail_text, subject, webhook_body
from submissions.services import notifications as services

# Less than what django-q2 grants a job of this queue.
WORKING_SECONDS = 300
logger = logging.getLogger("submissions")


def deliver() -> int:
    """Send what is due until nothing is; says how many deliveries that were."""
    ends_at = time.monotonic() + WORKING_SECONDS
    attended = 0
    while time.monotonic() < ends_at and (delivery := services.claim_delivery()):
        attended += 1
        try:
            _send(delivery)
        except (outbound.DeliveryFailed, OSError) as error:
            # Errors of SMTP are OSErrors.
            logger.warning("%s was not delivered (attempt %d): %s", delivery, delivery.attempts, error)
            services.not_delivered(delivery=delivery, error=str(error))
        else:
            services.delivered(delivery=delivery)
    return attended


def _send(delivery: Delivery) -> None:
    if delivery.webhook is not None:
        _post(delivery, delivery.webhook)
    else:
        _mail(delivery.notification)


def _mail(notification: Notification) -> None:
    facts = facts_of(notification)
    settings_address = settings.SITE_URL.rstrip("/") + reverse("notifications")
    send_mail(subject(facts), mail_text(facts, settings_address), None, [notification.recipient.email])


def _post(delivery: Delivery, webhook: Webhook) -> None:
    notification = delivery.notification
    body = orjson.dumps(
        {"id": notification.pk, "created_at": notification.created_at, **webhook_body(facts_of(notification))}
    )
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Podium",
        "Podium-Event": notification.event,
        "Podium-Delivery": str(delivery.pk),
        outbound.SIGNATURE: outbound.signature(webhook.secret, int(time.time()), body),
    }
    status = outbound.post(
        webhook.url, body, headers, allow_private=settings.WEBHOOK_PRIVATE, allow_http=settings.WEBHOOK_HTTP
    )
    if not 200 <= status < 300:
        raise outbound.DeliveryFailed(f"The address answered with status {status}.")


def facts_of(notification: Notification) -> Facts:
    return Facts(**{**notification.facts, "event": Event(notification.event)})
