"""Reads of accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import F, QuerySet

from submissions.models import ApiToken
from submissions.permissions import ROLES

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def role_of(user: User) -> str:
    """The highest role of the person in words, or an empty string."""
    if user.is_superuser:
        return "Superuser"
    held = set(user.groups.values_list("name", flat=True))
    return next((role for role in reversed(ROLES) if role in held), "")


def tokens_of(user: User) -> QuerySet[ApiToken]:
    """Usable ones first, newest first."""
    return ApiToken.objects.filter(user=user).order_by(F("revoked_at").asc(nulls_first=True), "-pk")


def usable_tokens_of(user: User) -> QuerySet[ApiToken]:
    return ApiToken.objects.usable().filter(user=user)
