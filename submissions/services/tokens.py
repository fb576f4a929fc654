"""Writes of API tokens: make one, use it, revoke it."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from leaderboard.services.audit import record
from submissions.models import ApiToken
from submissions.scopes import SCOPE_PERMISSIONS, Scope

if TYPE_CHECKING:
    from django.contrib.auth.models import User

PREFIX = "podium_"
SHOWN_LENGTH = len(PREFIX) + 5
MOST_DAYS = 366
NOTED_EVERY = timedelta(minutes=1)


class TokenError(Exception):
    """The message is a sentence for the person who tried."""


@transaction.atomic
def make_token(*, user: User, name: str, scopes: Collection[Scope], days: int) -> tuple[ApiToken, str]:
    """The token and its secret, which nobody can read again afterwards."""
    if not scopes:
        raise TokenError("Choose at least one thing that the token is for.")
    if not 1 <= days <= MOST_DAYS:
        raise TokenError(f"A token lives for 1 to {MOST_DAYS} days.")
    for scope in scopes:
        needed = SCOPE_PERMISSIONS.get(scope)
        if needed and not user.has_perm(needed):
            raise TokenError(f"Your account may not {scope}, and so neither may a token of yours.")
    secret = PREFIX + secrets.token_urlsafe(32)
    token = ApiToken.objects.create(
        user=user,
        name=name,
        digest=_digest(secret),
        beginning=secret[:SHOWN_LENGTH],
        scopes=sorted(scope.value for scope in scopes),
        expires_at=timezone.now() + timedelta(days=days),
    )
    return token, secret


def used_token(*, secret: str) -> ApiToken | None:
    """The token that this is the secret of, noted as used; None for one that is unknown, revoked or expired."""
    token = ApiToken.objects.usable().filter(digest=_digest(secret)).select_related("user").first()
    now = timezone.now()
    if token is not None and (token.last_used_at is None or now - token.last_used_at > NOTED_EVERY):
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
        token.last_used_at = now
    return token


@transaction.atomic
def revoke_token(*, token: ApiToken, by: User | None = None) -> ApiToken:
    """`by` is an administrator, for the audit log; nobody where people revoke tokens of their own."""
    if token.revoked_at is None:
        if by is not None:
            record(actor=by, action="revoked", subject=token, before={"user": token.user.get_username()})
        token.revoked_at = timezone.now()
        token.save(update_fields=["revoked_at"])
    return token


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
