"""Background work of the front door, as django-q2 calls it."""

from __future__ import annotations

from submissions.services import publication


def publish_due() -> int:
    return publication.publish_due()
