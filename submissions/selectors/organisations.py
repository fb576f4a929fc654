"""Reads of organisations: who belongs together, and whose name is whose."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from submissions.models import Invitation, Membership, Organisation, Submission

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser, User

# Roles on the Hub that only read, and so say nothing about who speaks for an organisation.
READING_ROLES = frozenset({"read"})
HUGGING_FACE = "huggingface"


def organisations_of(user: User | AnonymousUser) -> QuerySet[Organisation]:
    """Those that the person is a member of; a submission may be made for any of them."""
    return Organisation.objects.filter(memberships__user_id=_key(user))


def owned_organisations(user: User | AnonymousUser) -> QuerySet[Organisation]:
    return Organisation.objects.filter(memberships__user_id=_key(user), memberships__role=Membership.Role.OWNER)


def organisations_with_counts(user: User) -> QuerySet[Membership]:
    """The person's memberships, each with its organisation and how many members that has, as `n_members`."""
    return (
        Membership.objects.filter(user=user)
        .select_related("organisation")
        .annotate(n_members=Count("organisation__memberships"))
        .order_by("organisation__name", "organisation_id")
    )


def is_teammate(user: User | AnonymousUser, submission: Submission) -> bool:
    """Whether the submission belongs to an organisation of which the person is a member."""
    if submission.organisation_id is None:
        return False
    return Membership.objects.filter(user_id=_key(user), organisation_id=submission.organisation_id).exists()


def of_teammates(user: User | AnonymousUser) -> Q:
    """The same as a condition on submissions."""
    return Q(Exists(Membership.objects.filter(user_id=_key(user), organisation_id=OuterRef("organisation_id"))))


def managed_submissions(user: User | AnonymousUser) -> QuerySet[Submission]:
    """Those that the person may change, withdraw and publish: their own, and those of organisations that they own."""
    return Submission.objects.filter(
        Q(submitter_id=_key(user)) | Q(organisation_id__in=owned_organisations(user).values("pk"))
    )


def may_manage(user: User | AnonymousUser, submission: Submission) -> bool:
    return submission.submitter_id == user.pk or managed_submissions(user).filter(pk=submission.pk).exists()


def owns_model(user: User | AnonymousUser, model_name: str) -> bool:
    """Whether the model lies under a name that is proven to be the person's: a confirmed organisation, or their own."""
    namespace = model_name.partition("/")[0]
    confirmed = Organisation.objects.confirmed().filter(memberships__user_id=_key(user))
    return confirmed.filter(name__iexact=namespace).exists() or namespace.casefold() in {
        name.casefold() for name in _hub_names(user)
    }


def organisation_members(organisation: Organisation) -> QuerySet[Membership]:
    return organisation.memberships.select_related("user").order_by("-role", "user__username")


def open_invitations(organisation: Organisation) -> QuerySet[Invitation]:
    return organisation.invitations.filter(expires_at__gt=timezone.now()).select_related("user", "invited_by")


def invitations_for(user: User) -> QuerySet[Invitation]:
    """Those that the person may accept: by their account, or by an address that they proved to have."""
    addresses = [
        email.lower() for email in EmailAddress.objects.filter(user=user, verified=True).values_list("email", flat=True)
    ]
    return (
        Invitation.objects.filter(Q(user=user) | Q(email__in=addresses), expires_at__gt=timezone.now())
        .exclude(organisation__memberships__user=user)
        .select_related("organisation", "invited_by")
    )


def hub_spelling(user: User, name: str) -> str | None:
    """The name as the Hub spells it, where the person's last sign-in with Hugging Face says that they speak for it."""
    return {found.casefold(): found for found in _hub_organisations(user)}.get(name.casefold())


def _hub_organisations(user: User) -> list[str]:
    return [
        str(found["preferred_username"])
        for claims in _hub_claims(user)
        for found in claims.get("orgs") or []
        if found.get("preferred_username") and found.get("roleInOrg") not in READING_ROLES
    ]


def _hub_names(user: User | AnonymousUser) -> list[str]:
    return [str(claims["preferred_username"]) for claims in _hub_claims(user) if claims.get("preferred_username")]


def _hub_claims(user: User | AnonymousUser) -> list[dict[str, Any]]:
    """What Hugging Face said of the person when they last signed in with it."""
    return [
        account.extra_data.get("userinfo") or {}
        for account in SocialAccount.objects.filter(user_id=_key(user), provider=HUGGING_FACE)
    ]


def _key(user: User | AnonymousUser) -> int:
    """Of nobody where nobody is signed in."""
    return user.pk or 0
