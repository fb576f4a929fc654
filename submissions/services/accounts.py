"""Writes of accounts: what a new one may do, and who has which role."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allauth.account.models import EmailAddress
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import transaction

from leaderboard.services.audit import record
from submissions.permissions import ROLES, SUBMITTER

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def welcome(*, user: User) -> None:
    """A new account may submit."""
    user.groups.add(Group.objects.get_or_create(name=SUBMITTER)[0])


@transaction.atomic
def give_role(*, user: User, role: str, by: User | None = None) -> User:
    """Makes somebody a submitter, a moderator or an administrator; only the last two may enter the desk.

    `by` is an administrator, for the audit log; nobody where an account is set up.
    """
    if role not in ROLES:
        raise ValueError(f"There is no role {role}.")
    before = sorted(user.groups.filter(name__in=ROLES).values_list("name", flat=True))
    user.groups.remove(*user.groups.filter(name__in=ROLES))
    user.groups.add(*Group.objects.filter(name__in={SUBMITTER, role}))
    user.is_staff = role != SUBMITTER
    user.save(update_fields=["is_staff"])
    if by is not None:
        after = sorted({SUBMITTER, role})
        record(actor=by, action="gave a role", subject=user, before={"roles": before}, after={"roles": after})
    return user


@transaction.atomic
def create_account(*, username: str, password: str, email: str = "") -> User:
    """An account that needs no mail: its address, if any, counts as verified."""
    user = get_user_model().objects.create_user(username=username, password=password, email=email)
    if email:
        EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    welcome(user=user)
    return user
