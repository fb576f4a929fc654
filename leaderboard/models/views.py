"""Views that readers keep: an address of the board under a name and a short link."""

from __future__ import annotations

import secrets

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse

_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"  # Nothing that reads like something else.
_LENGTH = 8


def short_name() -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))


class SavedView(models.Model):
    """A view with an owner and a public short address, `/v/<slug>/`. What it shows follows the data."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="saved_views")
    name = models.CharField(max_length=80)
    slug = models.SlugField(unique=True, default=short_name, editable=False)
    address = models.TextField(help_text="Path and query on this site.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(condition=~Q(name=""), name="a_saved_view_has_a_name"),
            models.CheckConstraint(
                condition=Q(address__startswith="/") & ~Q(address__startswith="//"),
                name="a_saved_view_is_of_this_site",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("saved_view", args=[self.slug])
