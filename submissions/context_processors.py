"""What pages of allauth's views need to know besides what those hand over."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest


def accounts(request: HttpRequest) -> dict[str, bool]:
    return {"sends_mail": settings.SENDS_MAIL, "sign_up_is_open": settings.SIGN_UP_IS_OPEN}
