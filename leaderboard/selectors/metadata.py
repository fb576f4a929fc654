"""What is known of a model, who says it, what was said before, and the maintainers' notes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from leaderboard.metadata import (
    FIELDS,
    Claims,
    Conflict,
    FieldKind,
    MetadataOrigin,
    Resolved,
    conflicts,
    known,
    origin_label,
    shown,
)
from leaderboard.models import Annotation, AnnotationKey, MetadataVersion, ModelMeta, Origin


@dataclass(frozen=True)
class DescribedField:
    """A field as a page shows it.

    `value` is as the model has it and `text` as it reads ("" for unknown); `origin` is a value of `MetadataOrigin`
    (several are joined by `+`) or None for unknown, `origin_label` says it in words. `is_link`: the text is an address.
    """

    name: str
    label: str
    value: Any
    text: str
    origin: str | None
    origin_label: str
    is_link: bool
    conflict: Conflict | None


def described_fields(model_meta: ModelMeta) -> list[DescribedField]:
    """Everything known of the model in the order of a page, and what people look for though it is unknown."""
    resolved = known_metadata(model_meta)
    disputed = {conflict.name: conflict for conflict in metadata_conflicts(model_meta)}
    return [
        _described(name, resolved, disputed.get(name))
        for name, field in FIELDS.items()
        if name in resolved.values or field.always_shown
    ]


def _described(name: str, resolved: Resolved, conflict: Conflict | None) -> DescribedField:
    field, value, origin = FIELDS[name], resolved.values.get(name), resolved.origins.get(name)
    text = shown(name, value)
    return DescribedField(
        name=name,
        label=field.label,
        value=value,
        text=text,
        origin=origin,
        origin_label=origin_label(origin) if origin else "",
        is_link=field.kind is FieldKind.LINK and text.startswith(("https://", "http://")),
        conflict=conflict,
    )


def known_metadata(model_meta: ModelMeta) -> Resolved:
    """What the model's row says, in the form of claims. The registry filled rows before anybody noted origins."""
    values = known({name: getattr(model_meta, name) for name in FIELDS})
    plain = {name: value.isoformat() if isinstance(value, date) else value for name, value in values.items()}
    origins = model_meta.field_origins
    if not origins and model_meta.origin == Origin.REGISTRY:
        origins = dict.fromkeys(plain, MetadataOrigin.REGISTRY)
    return Resolved(plain, origins)


def metadata_conflicts(model_meta: ModelMeta) -> list[Conflict]:
    """Fields about which origins disagree: which value is shown, which others there are, and why."""
    claims: Claims = {MetadataOrigin(claim.origin): claim.values for claim in model_meta.claims.all()}
    return conflicts(claims, known_metadata(model_meta))


@dataclass(frozen=True)
class FieldChange:
    """`before` and `after` are texts, "" for unknown; `origin` says who the new value is from, in words."""

    name: str
    label: str
    before: str
    after: str
    origin: str


@dataclass(frozen=True)
class MetadataChange:
    """A version of the metadata as the difference from the one before; `is_first` has nothing before it."""

    recorded_at: datetime
    reason: str
    is_first: bool
    changes: list[FieldChange]


def metadata_history(model_meta: ModelMeta) -> list[MetadataChange]:
    """Newest first."""
    versions = list(model_meta.metadata_versions.order_by("pk"))
    before: list[MetadataVersion | None] = [None, *versions]
    return [_change(older, newer) for older, newer in zip(before, versions, strict=False)][::-1]


def _change(older: MetadataVersion | None, newer: MetadataVersion) -> MetadataChange:
    old_values, old_origins = (older.values, older.origins) if older else ({}, {})
    changes = [
        FieldChange(
            name,
            field.label,
            shown(name, old_values.get(name)),
            shown(name, newer.values.get(name)),
            origin_label(newer.origins[name]) if name in newer.origins else "",
        )
        for name, field in FIELDS.items()
        if old_values.get(name) != newer.values.get(name) or old_origins.get(name) != newer.origins.get(name)
    ]
    return MetadataChange(newer.recorded_at, newer.get_reason_display(), older is None, changes)


@dataclass(frozen=True)
class Note:
    """A maintainer's note as a page shows it."""

    key: str
    label: str
    description: str
    value: Any
    text: str


def annotations_of(model_meta: ModelMeta) -> list[Note]:
    """The maintainers' notes about the model, by label."""
    return [
        Note(note.key.key, note.key.label, note.key.description, note.value, note_text(note.value))
        for note in Annotation.objects.filter(model_meta=model_meta).select_related("key")
    ]


def note_text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,}" if isinstance(value, int | float) else str(value)


def annotation_keys() -> list[AnnotationKey]:
    """What filters may ask as `note.<key>`."""
    return list(AnnotationKey.objects.all())


def annotation_values() -> dict[int, dict[str, Any]]:
    """{id of the model: {key: value}} for every model that has a note."""
    found: dict[int, dict[str, Any]] = {}
    for model_meta_id, key, value in Annotation.objects.values_list("model_meta_id", "key__key", "value"):
        found.setdefault(model_meta_id, {})[key] = value
    return found
