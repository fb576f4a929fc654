"""Which packages were installed where something was evaluated."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class PackageSet(models.Model):
    """Every package with its version, as `pip freeze` writes them; shared by all attempts that had the very same."""

    digest = models.TextField(unique=True, help_text="SHA-256 of the content; environments of units name it.")
    content = models.TextField(help_text="One name==version per line.")
    first_seen_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [models.CheckConstraint(condition=~Q(content=""), name="a_package_set_has_packages")]

    def __str__(self) -> str:
        return self.digest[:12]
