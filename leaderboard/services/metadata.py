"""Noting what origins say of models, and what is known of the models then."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import transaction
from django.utils import timezone

from leaderboard.languages import CODE_SCRIPT
from leaderboard.metadata import (
    FIELDS,
    Claims,
    MetadataOrigin,
    Resolved,
    known,
    normalised,
    read_meta_file,
    read_text,
    resolve,
)
from leaderboard.models import (
    Annotation,
    AnnotationKey,
    Language,
    MetadataClaim,
    MetadataCorrection,
    MetadataVersion,
    ModelMeta,
    ModelRevision,
    Origin,
)
from leaderboard.services.boards import bump_data_version

Reason = MetadataVersion.Reason
# Labels that stand where nobody knew the revision; what lies there is old, mostly.
_NO_REVISION = frozenset({"no_revision_available", "external"})
_COLUMNS = [*FIELDS, "field_origins"]
# Unknown is an empty list here.
_NEVER_NULL = frozenset(
    column.name for column in ModelMeta._meta.get_fields() if isinstance(column, ArrayField) and not column.null
)


@dataclass(frozen=True, slots=True)
class Claim:
    """What an origin says of a model now; it replaces what the origin said before.

    `details` names the file behind a field, `reference` the commit that was read.
    """

    model_meta_id: int
    origin: MetadataOrigin
    values: Mapping[str, Any]
    details: Mapping[str, str] = field(default_factory=dict)
    reference: str = ""


@transaction.atomic
def record_claims(*, claims: Iterable[Claim], reason: MetadataVersion.Reason) -> list[str]:
    """Store the claims, bring the models in line and add to their history; returns the names of those that changed.

    Who calls this publishes boards or bumps the data version where something changed.
    """
    said = _in_our_words(claims)
    models = {
        row.pk: row
        for row in ModelMeta.everything.select_for_update()
        .filter(pk__in={claim.model_meta_id for claim in said})
        .order_by("pk")
    }
    stored = {
        (claim.model_meta_id, claim.origin): claim
        for claim in MetadataClaim.objects.filter(model_meta__in=models).order_by()
    }
    new = [*_unnoted(models.values(), stored), *said]
    _store([claim for claim in new if _differs(claim, stored.get((claim.model_meta_id, claim.origin)))])
    by_model: dict[int, dict[MetadataOrigin, Mapping[str, Any]]] = defaultdict(dict)
    for kept in stored.values():
        by_model[kept.model_meta_id][MetadataOrigin(kept.origin)] = kept.values
    for claim in new:
        by_model[claim.model_meta_id][claim.origin] = claim.values
    changed = [row for row in models.values() if _bring_in_line(row, by_model[row.pk])]
    _save(changed)
    _add_to_history(changed, reason)
    return [row.name for row in changed]


def _in_our_words(claims: Iterable[Claim]) -> list[Claim]:
    languages = _full_codes()
    return [
        Claim(
            claim.model_meta_id,
            claim.origin,
            values := normalised(claim.values, languages),
            {name: file for name, file in claim.details.items() if name in values},
            claim.reference,
        )
        for claim in claims
    ]


def _full_codes() -> dict[str, str]:
    """en -> eng-Latn, deu -> deu-Latn."""
    rows = Language.objects.exclude(code__endswith=f"-{CODE_SCRIPT}").values_list("code", "short_code", "usual_script")
    found = {}
    for code, short_code, usual_script in rows:
        full = f"{code}-{usual_script}" if usual_script else code
        found[code] = full
        if short_code:
            found[short_code] = full
    return found


def _unnoted(models: Iterable[ModelMeta], stored: Mapping[tuple[int, str], MetadataClaim]) -> list[Claim]:
    """What rows hold that were filled before anybody noted origins: from the registry, or else with a submission."""
    noted = {model_meta_id for (model_meta_id, _), claim in stored.items() if claim.values}
    return [
        Claim(
            row.pk,
            MetadataOrigin.REGISTRY if row.origin == Origin.REGISTRY else MetadataOrigin.SUBMITTER,
            _plain(row),
        )
        for row in models
        if row.pk not in noted and not row.field_origins
    ]


def _plain(row: ModelMeta) -> dict[str, Any]:
    values = known({name: getattr(row, name) for name in FIELDS})
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in values.items()}


def _differs(claim: Claim, stored: MetadataClaim | None) -> bool:
    return stored is None or (stored.values, stored.details, stored.reference) != (
        claim.values,
        claim.details,
        claim.reference,
    )


def _store(claims: Sequence[Claim]) -> None:
    now = timezone.now()
    rows = {
        (claim.model_meta_id, claim.origin): MetadataClaim(
            model_meta_id=claim.model_meta_id,
            origin=claim.origin,
            values=claim.values,
            details=claim.details,
            reference=claim.reference,
            claimed_at=now,
        )
        for claim in claims
    }
    MetadataClaim.objects.bulk_create(
        rows.values(),
        batch_size=1000,
        update_conflicts=True,
        unique_fields=["model_meta", "origin"],
        update_fields=["values", "details", "reference", "claimed_at"],
    )


def _bring_in_line(row: ModelMeta, claims: Claims) -> bool:
    """Set the model's fields to what its claims come to; returns whether anything was different."""
    resolved = resolve(claims)
    wanted = {name: _column_value(name, resolved) for name in FIELDS} | {"field_origins": resolved.origins}
    differs = any(getattr(row, name) != value for name, value in wanted.items())
    for name, value in wanted.items():
        setattr(row, name, value)
    return differs


def _column_value(name: str, resolved: Resolved) -> Any:
    value = resolved.values.get(name)
    if name == "release_date" and value is not None:
        return date.fromisoformat(value)
    return [] if value is None and name in _NEVER_NULL else value


def _save(rows: Sequence[ModelMeta]) -> None:
    """An insert that finds its row is many times faster than Django's update of many rows."""
    ModelMeta.objects.bulk_create(
        rows, batch_size=500, update_conflicts=True, unique_fields=["id"], update_fields=_COLUMNS
    )


def _add_to_history(rows: Iterable[ModelMeta], reason: MetadataVersion.Reason) -> None:
    MetadataVersion.objects.bulk_create(
        [
            MetadataVersion(
                model_meta=row,
                values={name: value for name, value in _plain(row).items() if name in row.field_origins},
                origins=row.field_origins,
                reason=reason,
            )
            for row in rows
        ],
        batch_size=1000,
    )


def record_meta_files() -> list[str]:
    """Note what each model's model_meta.json says that lies beside its results; the names of models that changed."""
    best: dict[int, ModelRevision] = {}
    revisions = ModelRevision.objects.exclude(metadata=None).select_related("model_meta").order_by("pk")
    for revision in revisions.only("name", "metadata", "model_meta__registry_revision"):
        rival = best.get(revision.model_meta_id)
        if rival is None or _standing(revision) >= _standing(rival):
            best[revision.model_meta_id] = revision
    claims = [
        Claim(id_, MetadataOrigin.META_FILE, read_meta_file(revision.metadata or {}), reference=revision.name)
        for id_, revision in best.items()
    ]
    return record_claims(claims=claims, reason=Reason.IMPORT)


def _standing(revision: ModelRevision) -> tuple[bool, bool]:
    """Which file speaks for the model where several do: the registry's revision, a real one; then the newest."""
    return revision.name == revision.model_meta.registry_revision, revision.name not in _NO_REVISION


@transaction.atomic
def apply_corrections(*, model_meta: ModelMeta) -> None:
    """Bring a model in line with its maintainers' corrections, which were changed."""
    rows = MetadataCorrection.objects.filter(model_meta=model_meta)
    values = {row.field: read_text(row.field, row.value) for row in rows}
    claim = Claim(model_meta.pk, MetadataOrigin.MAINTAINER, values)
    if record_claims(claims=[claim], reason=Reason.MAINTAINER):
        bump_data_version()


class NoteRefused(Exception):
    """The value is none of its kind of note; the message says so."""


@transaction.atomic
def annotate(*, model_meta: ModelMeta, key: AnnotationKey, value: Any) -> Annotation:
    """Set a maintainers' note. Raises NoteRefused."""
    if not key.accepts(value):
        raise NoteRefused(f"“{value}” is no value of “{key}”, which is: {key.get_kind_display()}.")
    note, _ = Annotation.objects.update_or_create(model_meta=model_meta, key=key, defaults={"value": value})
    bump_data_version()
    return note


@transaction.atomic
def remove_note(*, note: Annotation) -> None:
    note.delete()
    bump_data_version()
