"""What is known of a model besides its row: who says what, what was said when, and the maintainers' own notes."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from leaderboard.metadata import FIELDS, InvalidValue, MetadataOrigin, read_flag, read_number, read_text
from leaderboard.models.model_meta import ModelMeta
from leaderboard.models.registry import text_list


class MetadataClaim(models.Model):
    """What one origin says of a model now. The fields of `ModelMeta` are what comes out of all claims together.

    `details` names the file behind a field, where the origin has several; `reference` the commit or version that was
    read, so that an unchanged one need not be read again.
    """

    model_meta = models.ForeignKey(ModelMeta, models.CASCADE, related_name="claims", db_index=False)
    origin = models.TextField()
    values = models.JSONField(default=dict, help_text="{field: value}, only fields that the origin knows.")
    details = models.JSONField(default=dict, blank=True, help_text="{field: file}.")
    reference = models.TextField(blank=True, default="")
    claimed_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["model_meta", "origin"]
        constraints = [
            models.UniqueConstraint(fields=["model_meta", "origin"], name="an_origin_claims_once_per_model"),
            models.CheckConstraint(condition=Q(origin__in=list(MetadataOrigin)), name="a_claim_has_a_known_origin"),
        ]

    def __str__(self) -> str:
        return f"{self.model_meta}: {self.origin}"


class MetadataVersion(models.Model):
    """The metadata of a model as they became known; append-only, and a new one only where something changed."""

    class Reason(models.TextChoices):
        REGISTRY = "registry", "Registry synced"
        IMPORT = "import", "Results imported"
        SUBMISSION = "submission", "Submission approved"
        HUB = "hub", "Hub read"
        MAINTAINER = "maintainer", "Corrected by a maintainer"

    model_meta = models.ForeignKey(ModelMeta, models.CASCADE, related_name="metadata_versions", db_index=False)
    values = models.JSONField(help_text="{field: value}, only fields that were known.")
    origins = models.JSONField(help_text="{field: origin}.")
    reason = models.TextField(choices=Reason)
    recorded_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["model_meta", "-pk"]
        indexes = [models.Index(fields=["model_meta", "-id"], name="newest_metadata_version")]

    def __str__(self) -> str:
        return f"{self.model_meta} at {self.recorded_at:%Y-%m-%d %H:%M}"


class MetadataCorrection(models.Model):
    """A maintainer's word on one field, which outweighs every other origin."""

    model_meta = models.ForeignKey(ModelMeta, models.CASCADE, related_name="corrections")
    field = models.TextField()
    value = models.TextField(help_text="Lists are separated by commas, yes and no are written as such.")
    grounds = models.TextField(blank=True, default="", help_text="Why, best with an address.")

    class Meta:
        ordering = ["field"]
        constraints = [
            models.UniqueConstraint(fields=["model_meta", "field"], name="a_field_is_corrected_once"),
        ]

    def __str__(self) -> str:
        return f"{FIELDS[self.field].label}: {self.value}"

    def clean(self) -> None:
        try:
            read_text(self.field, self.value)
        except InvalidValue as error:
            raise ValidationError({"value": str(error)}) from error


class AnnotationKey(models.Model):
    """A kind of note that maintainers may attach to models; `note.<key>` in filters."""

    class Kind(models.TextChoices):
        TEXT = "text", "Text"
        NUMBER = "number", "Number"
        FLAG = "flag", "Yes or no"
        CHOICE = "choice", "One of the choices"

    key = models.SlugField(unique=True, help_text="Lower case; filters write note.key.")
    label = models.TextField()
    description = models.TextField(blank=True, default="")
    kind = models.TextField(choices=Kind, default=Kind.TEXT)
    choices = text_list(help_text="What a note of the kind “one of the choices” may say, separated by commas.")

    class Meta:
        ordering = ["label"]
        verbose_name = "kind of note"
        verbose_name_plural = "kinds of notes"
        constraints = [
            models.CheckConstraint(condition=Q(key__regex=r"^[a-z][a-z0-9_-]*$"), name="a_note_key_is_a_plain_word"),
            models.CheckConstraint(condition=~Q(label=""), name="a_note_key_has_a_label"),
            models.CheckConstraint(
                condition=Q(kind="choice", choices__len__gt=0) | (~Q(kind="choice") & Q(choices__len=0)),
                name="only_a_choice_has_choices",
            ),
        ]

    def __str__(self) -> str:
        return self.label

    def clean(self) -> None:
        if self.kind == self.Kind.CHOICE and not self.choices:
            raise ValidationError({"choices": "Write the choices, separated by commas."})
        if self.kind != self.Kind.CHOICE and self.choices:
            raise ValidationError({"choices": "Only “one of the choices” has choices."})
        refused = [note for note in self.annotations.all() if not self.accepts(note.value)] if self.pk else []
        if refused:
            raise ValidationError(f"{refused[0].model_meta} has the note “{refused[0].value}”: change that first.")

    def accepts(self, value: Any) -> bool:
        """Whether a note of this kind may have the value."""
        match self.kind:
            case self.Kind.NUMBER:
                return isinstance(value, int | float) and not isinstance(value, bool)
            case self.Kind.FLAG:
                return isinstance(value, bool)
            case self.Kind.CHOICE:
                return value in self.choices
            case _:
                return isinstance(value, str) and bool(value.strip())

    def read(self, text: str) -> Any:
        """The value that a person wrote for a note of this kind. Raises InvalidValue."""
        text = text.strip()
        match self.kind:
            case self.Kind.NUMBER:
                number = read_number(text)
                return int(number) if number.is_integer() else number
            case self.Kind.FLAG:
                return read_flag(text)
            case self.Kind.CHOICE if text not in self.choices:
                raise InvalidValue(f"Write one of: {', '.join(self.choices)}.")
            case _:
                return text


class Annotation(models.Model):
    """A maintainer's note about a model."""

    model_meta = models.ForeignKey(ModelMeta, models.CASCADE, related_name="annotations", db_index=False)
    key = models.ForeignKey(AnnotationKey, models.PROTECT, related_name="annotations")
    value = models.JSONField()
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["key__label"]
        verbose_name = "note"
        constraints = [
            models.UniqueConstraint(fields=["model_meta", "key"], name="a_model_has_one_note_of_a_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.key}: {self.value}"

    def clean(self) -> None:
        if self.key_id and not self.key.accepts(self.value):
            raise ValidationError({"value": f"“{self.value}” is no value of the kind “{self.key.get_kind_display()}”."})
