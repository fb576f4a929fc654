"""What is deleted after a while, so that no table grows without end."""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module

from django.conf import settings
from django.db.models import Exists, OuterRef
from django.db.models.functions import Now

from submissions.models import Delivery, Notification


def delete_what_is_old() -> int:
    """Old notifications with their deliveries, and sessions that are over; says how many notifications that were."""
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()
    return _delete_old_notifications()


def _delete_old_notifications() -> int:
    """Not before everything was delivered or given up."""
    if not settings.KEEP_NOTIFICATIONS_DAYS:
        return 0
    waiting = Delivery.objects.filter(notification=OuterRef("pk"), state=Delivery.State.WAITING)
    old = Notification.objects.filter(
        ~Exists(waiting), created_at__lt=Now() - timedelta(days=settings.KEEP_NOTIFICATIONS_DAYS)
    )
    return old.delete()[1].get(Notification._meta.label, 0)
