"""Writes of organisations: start, invite, join, leave, hand over, confirm."""

from __future__ import annotations

import logging
from functools import partial
from smtplib import SMTPException
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.mail import send_mail
from django.db import IntegrityError, transaction
from django.utils import timezone

from leaderboard.services.audit import record
from submissions.models import Invitation, Membership, Organisation
from submissions.models.organisations import invitation_end
from submissions.selectors import organisations as selectors

if TYPE_CHECKING:
    from django.contrib.auth.models import User

logger = logging.getLogger(__name__)


class OrganisationError(Exception):
    """The message is a sentence for the person who tried."""


@transaction.atomic
def start_organisation(*, name: str, founder: User) -> Organisation:
    """The founder owns it. It is confirmed at once where Hugging Face says that the founder speaks for the name."""
    if selectors.organisations_of(founder).filter(name__iexact=name).exists():
        raise OrganisationError(f"You are in an organisation {name} already.")
    organisation = Organisation.objects.create(name=name)
    Membership.objects.create(organisation=organisation, user=founder, role=Membership.Role.OWNER)
    spelling = selectors.hub_spelling(founder, name)
    if spelling is not None and not Organisation.objects.confirmed().filter(name__iexact=name).exists():
        organisation.name = spelling
        _confirm(organisation, Organisation.ConfirmedBy.HUB)
    return organisation


@transaction.atomic
def confirm_by_hub(*, organisation: Organisation, user: User) -> Organisation:
    """Confirms the name by what Hugging Face said when the person last signed in with it."""
    spelling = selectors.hub_spelling(user, organisation.name)
    if spelling is None:
        raise OrganisationError(
            f"Your last sign-in with Hugging Face does not say that you may write for {organisation.name}. Sign in "
            "with it again and let Podium see the organisation, or ask a moderator to confirm it."
        )
    organisation.name = spelling
    return _confirm(organisation, Organisation.ConfirmedBy.HUB)


@transaction.atomic
def confirm_by_moderator(*, organisation: Organisation, decided_by: User) -> Organisation:
    before = organisation.confirmed_by
    confirmed = _confirm(organisation, Organisation.ConfirmedBy.MODERATOR)
    _record_confirmation(confirmed, decided_by, "confirmed the name", before)
    return confirmed


@transaction.atomic
def take_back_confirmation(*, organisation: Organisation, decided_by: User) -> Organisation:
    before = organisation.confirmed_by
    organisation.confirmed_by, organisation.confirmed_at = Organisation.ConfirmedBy.NOBODY, None
    organisation.save(update_fields=["confirmed_by", "confirmed_at"])
    _record_confirmation(organisation, decided_by, "took the confirmation back", before)
    return organisation


def _record_confirmation(organisation: Organisation, decided_by: User, action: str, before: str) -> None:
    record(
        actor=decided_by,
        action=action,
        subject=organisation,
        before={"confirmed_by": before},
        after={"confirmed_by": organisation.confirmed_by},
    )


@transaction.atomic
def invite(*, organisation: Organisation, invited_by: User, whom: str, address: str) -> Invitation:
    """Invites an account by its name, or whoever has an e-mail address. `address` is the page where one accepts.

    An invitation by address says nothing about whether there is an account with it.
    """
    _require_owner(organisation, invited_by)
    whom = whom.strip()
    if "@" in whom:
        if not settings.SENDS_MAIL:
            raise OrganisationError("This board sends no mail: invite by the name of the account.")
        invited: dict[str, Any] = {"user": None, "email": whom.lower()}
    else:
        user = get_user_model().objects.filter(username__iexact=whom, is_active=True).first()
        if user is None:
            raise OrganisationError(f"There is no account {whom}. Ask for its exact name, or invite by e-mail address.")
        if organisation.memberships.filter(user=user).exists():
            raise OrganisationError(f"{user} is a member already.")
        invited = {"user": user, "email": ""}
    invitation, _ = Invitation.objects.update_or_create(
        organisation=organisation, **invited, defaults={"invited_by": invited_by, "expires_at": invitation_end()}
    )
    transaction.on_commit(partial(_send_invitation, invitation, address))
    return invitation


@transaction.atomic
def accept_invitation(*, invitation: Invitation, user: User) -> Membership:
    membership, _ = Membership.objects.get_or_create(organisation=invitation.organisation, user=user)
    invitation.delete()
    return membership


@transaction.atomic
def drop_invitation(*, invitation: Invitation) -> None:
    """Declined by the one invited, or taken back by an owner."""
    invitation.delete()


@transaction.atomic
def remove_member(*, organisation: Organisation, removed_by: User, user: User) -> None:
    _require_owner(organisation, removed_by)
    if user == removed_by:
        raise OrganisationError("To go yourself, leave the organisation.")
    organisation.memberships.filter(user=user).delete()


@transaction.atomic
def set_member_role(*, organisation: Organisation, set_by: User, user: User, role: str) -> Membership:
    """Makes a member an owner or an owner a member. To hand it over, make somebody an owner, then leave."""
    _require_owner(organisation, set_by)
    if role != Membership.Role.OWNER and not _others_own(organisation, user):
        raise OrganisationError("An organisation needs an owner: make somebody else one first.")
    membership = organisation.memberships.get(user=user)
    membership.role = Membership.Role(role)
    membership.save(update_fields=["role"])
    return membership


@transaction.atomic
def leave(*, organisation: Organisation, user: User) -> None:
    """The last one to leave dissolves it; submissions stay with those who made them."""
    memberships = _locked_memberships(organisation)
    if all(membership.user_id == user.pk for membership in memberships):
        organisation.delete()
        return
    if not _others_own(organisation, user):
        raise OrganisationError("You are the only owner: make somebody else an owner before you leave.")
    organisation.memberships.filter(user=user).delete()


def _locked_memberships(organisation: Organisation) -> list[Membership]:
    """All of them, held until the transaction ends: two owners may leave at the same moment."""
    return list(Membership.objects.select_for_update().filter(organisation=organisation).order_by("pk"))


def _others_own(organisation: Organisation, user: User) -> bool:
    return any(member.is_owner and member.user_id != user.pk for member in _locked_memberships(organisation))


def _require_owner(organisation: Organisation, user: User) -> None:
    if not selectors.owned_organisations(user).filter(pk=organisation.pk).exists():
        raise OrganisationError(f"Only owners of {organisation} may do that.")


def _confirm(organisation: Organisation, by: str) -> Organisation:
    organisation.confirmed_by, organisation.confirmed_at = Organisation.ConfirmedBy(by), timezone.now()
    try:
        with transaction.atomic():
            organisation.save(update_fields=["name", "confirmed_by", "confirmed_at"])
    except IntegrityError as error:
        if "a_name_is_confirmed_for_one_organisation" not in str(error):
            raise
        raise OrganisationError(
            f"Another organisation {organisation.name} is confirmed already. Ask its owners to invite you."
        ) from error
    return organisation


def _send_invitation(invitation: Invitation, address: str) -> None:
    recipient = invitation.email or (invitation.user.email if invitation.user else "")
    if not recipient or not settings.SENDS_MAIL:
        return
    text = (
        f"{invitation.invited_by} invites you to submit models together as {invitation.organisation}.\n\n"
        f"Accept or decline here, signed in with an account that has this e-mail address:\n{address}\n\n"
        f"The invitation ends on {invitation.expires_at:%Y-%m-%d}. You need not do anything to decline it."
    )
    try:
        send_mail(f"Podium: join {invitation.organisation}", text, None, [recipient])
    except (OSError, SMTPException):
        logger.exception("An invitation could not be sent by mail; it waits on the person's page.")
