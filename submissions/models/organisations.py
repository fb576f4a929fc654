"""Organisations: people who submit models together, under a name of the Hub."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils import timezone

if TYPE_CHECKING:
    from datetime import datetime

INVITATION_DAYS = 14

hub_name = RegexValidator(
    r"^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,94}[A-Za-z0-9])?$",
    "Write it as it stands in addresses of the Hub: letters, digits, dots, hyphens and underscores.",
)


def invitation_end() -> datetime:
    return timezone.now() + timedelta(days=INVITATION_DAYS)


class OrganisationQuerySet(models.QuerySet["Organisation"]):
    def confirmed(self) -> OrganisationQuerySet:
        return self.exclude(confirmed_by="")


class Organisation(models.Model):
    """The people who submit under a name. Anybody may start one; the name is theirs once that is confirmed.

    Several may wait under the same name, so that nobody takes a name by being first; one of them can be confirmed.
    """

    class ConfirmedBy(models.TextChoices):
        NOBODY = "", "not confirmed"
        HUB = "hub", "a member's sign-in with Hugging Face"
        MODERATOR = "moderator", "a moderator"

    name = models.CharField(max_length=96, validators=[hub_name], help_text="As on the Hub: the “org” of “org/model”.")
    confirmed_by = models.TextField(choices=ConfirmedBy, default=ConfirmedBy.NOBODY, blank=True)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    members = models.ManyToManyField(
        settings.AUTH_USER_MODEL, through="Membership", related_name="submitting_organisations"
    )

    objects = OrganisationQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(name=""), name="an_organisation_has_a_name"),
            models.UniqueConstraint(
                Lower("name"), condition=~Q(confirmed_by=""), name="a_name_is_confirmed_for_one_organisation"
            ),
            models.CheckConstraint(
                condition=Q(confirmed_by="", confirmed_at__isnull=True)
                | (~Q(confirmed_by="") & Q(confirmed_at__isnull=False)),
                name="a_confirmed_organisation_says_when",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("account_organisation", args=[self.pk])

    @property
    def is_confirmed(self) -> bool:
        return self.confirmed_by != self.ConfirmedBy.NOBODY


class Membership(models.Model):
    class Role(models.TextChoices):
        OWNER = "owner"
        MEMBER = "member"

    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="memberships")
    role = models.TextField(choices=Role, default=Role.MEMBER)
    joined_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["joined_at", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["organisation", "user"], name="a_person_is_once_in_an_organisation"),
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.organisation}"

    @property
    def is_owner(self) -> bool:
        return self.role == self.Role.OWNER


class Invitation(models.Model):
    """Somebody who may join: an account, or whoever proves to have the address."""

    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="invitations")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="invitations"
    )
    email = models.EmailField(blank=True, default="", help_text="In lower case; empty where an account is invited.")
    invited_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(default=invitation_end)

    class Meta:
        ordering = ["created_at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(user__isnull=False, email="") | (Q(user__isnull=True) & ~Q(email="")),
                name="an_invitation_is_for_an_account_or_an_address",
            ),
            models.UniqueConstraint(
                fields=["organisation", "user"],
                condition=Q(user__isnull=False),
                name="an_account_is_invited_once",
            ),
            models.UniqueConstraint(
                fields=["organisation", "email"], condition=~Q(email=""), name="an_address_is_invited_once"
            ),
        ]

    def __str__(self) -> str:
        return f"Invitation of {self.user or self.email} to {self.organisation}"
