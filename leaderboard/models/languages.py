"""Names of languages and scripts, as mteb's registry knows them."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class Language(models.Model):
    """A language under its ISO 639-3 code; a programming language under mteb's own, such as `python-Code`."""

    code = models.TextField(primary_key=True)
    name = models.TextField()
    short_code = models.TextField(blank=True, default="", help_text="ISO 639-1, where there is one: en.")
    usual_script = models.TextField(
        null=True, blank=True, help_text="The script that goes without saying; NULL where none does."
    )

    class Meta:
        ordering = ["name"]
        constraints = [models.CheckConstraint(condition=~Q(name=""), name="language_has_a_name")]

    def __str__(self) -> str:
        return self.name


class Script(models.Model):
    """A script under its ISO 15924 code. `short_name` is how it reads in parentheses: Chinese (Traditional)."""

    code = models.TextField(primary_key=True)
    name = models.TextField()
    short_name = models.TextField()

    class Meta:
        ordering = ["name"]
        constraints = [models.CheckConstraint(condition=~Q(name=""), name="script_has_a_name")]

    def __str__(self) -> str:
        return self.name
