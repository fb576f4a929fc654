"""Noting what the Hub says of models: their settings, cards and weights."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from django.conf import settings
from django.db import transaction
from django.db.models import F, Min, Q, QuerySet
from django.utils import timezone

from leaderboard.metadata import MetadataOrigin
from leaderboard.models import MetadataClaim, MetadataVersion, ModelMeta
from leaderboard.services.boards import bump_data_version
from leaderboard.services.metadata import Claim, record_claims
from submissions import hub
from submissions.metadata import CARD, TENSORS, Metadata, claims, describe
from submissions.snapshot import ModelSnapshot

# All of them are written anew with each commit, so that what a card no longer says is forgotten.
FROM_REPOSITORY = (MetadataOrigin.WEIGHTS, MetadataOrigin.CONFIG, MetadataOrigin.CARD)
SECONDS_BEFORE_RETRIES = (2.0, 10.0)
# So many models in a row without an answer: it is not about the models.
LARGEST_SILENCE = 3


class HubSilent(Exception):
    """The Hub does not answer; what was read before that is stored."""


class Fate(StrEnum):
    """What became of a model in a sync."""

    CHANGED = "changed"
    SAME_METADATA = "nothing new"
    SAME_COMMIT = "same commit"
    NOT_READABLE = "not readable"


@dataclass(frozen=True)
class SyncedModel:
    """`reason` says in a sentence why a model was not readable."""

    name: str
    fate: Fate
    reason: str = ""


def repository_claims(model_meta: ModelMeta, metadata: Metadata, commit: str) -> list[Claim]:
    """What a repository at a commit says, by kind of file."""
    files = claims(metadata)
    return [
        Claim(
            model_meta.pk,
            origin,
            {field: metadata[field]["value"] for field in files.get(origin, ())},
            files.get(origin, {}),
            commit,
        )
        for origin in FROM_REPOSITORY
    ]


def published_on_hub(name: str) -> Metadata:
    """What follows from a model's being on the Hub for everybody."""
    return {
        "open_weights": {"value": True, "origin": TENSORS},
        "reference": {"value": f"{settings.HF_ENDPOINT.rstrip('/')}/{name}", "origin": CARD},
    }


def models_on_hub(names: Collection[str] = ()) -> QuerySet[ModelMeta]:
    """Models whose repository may be read, those that were never read first, then the ones read longest ago."""
    readable = ModelMeta.objects.filter(Q(open_weights=True) | Q(open_weights=None), local_path=None)
    if names:
        readable = readable.filter(name__in=names)
    # A name with more than a name in it is a variant of a model that has an entry of its own.
    readable = readable.filter(name__regex=rf"^{hub.MODEL_NAME.pattern}$").exclude(organisation="")
    last_read = Min("claims__claimed_at", filter=Q(claims__origin__in=FROM_REPOSITORY))
    return readable.annotate(last_read=last_read).order_by(F("last_read").asc(nulls_first=True), "name")


def sync_hub_metadata(
    *, models: Sequence[ModelMeta], sleep: Callable[[float], None] = time.sleep
) -> Iterator[SyncedModel]:
    """Read the models' repositories one after the other and note what they say; yields what became of each.

    Each model is stored before the next is asked for, so an interrupted sync goes on where it was. Raises HubSilent.
    """
    silent = 0
    for model_meta in models:
        try:
            fate = _sync(model_meta, sleep)
        except hub.HubUnreachable as error:
            silent += 1
            if silent == min(LARGEST_SILENCE, len(models)):
                raise HubSilent(str(error)) from error
            yield SyncedModel(model_meta.name, Fate.NOT_READABLE, str(error))
        except hub.HubError as error:
            silent = 0
            _note_visit(model_meta)
            yield SyncedModel(model_meta.name, Fate.NOT_READABLE, str(error))
        else:
            silent = 0
            yield SyncedModel(model_meta.name, fate)


def _sync(model_meta: ModelMeta, sleep: Callable[[float], None]) -> Fate:
    known_commit = _noted(model_meta).values_list("reference", flat=True).first() or ""
    snapshot = _patiently(model_meta.name, known_commit, sleep)
    _note_commit(model_meta, known_commit if snapshot is None else snapshot.commit)
    if snapshot is None:
        _note_visit(model_meta)
        return Fate.SAME_COMMIT
    metadata = describe(snapshot) | published_on_hub(model_meta.name)
    with transaction.atomic():
        said = repository_claims(model_meta, metadata, snapshot.commit)
        if not record_claims(claims=said, reason=MetadataVersion.Reason.HUB):
            return Fate.SAME_METADATA
        bump_data_version()
    return Fate.CHANGED


def _note_commit(model_meta: ModelMeta, commit: str) -> None:
    """What is noted with claims may be an older one: a submission names the commit that it asks for."""
    ModelMeta.everything.filter(pk=model_meta.pk).update(hub_commit=commit)


def _noted(model_meta: ModelMeta) -> QuerySet[MetadataClaim]:
    return MetadataClaim.objects.filter(model_meta=model_meta, origin__in=FROM_REPOSITORY)


def _note_visit(model_meta: ModelMeta) -> None:
    """Let others have their turn first next time. What was read before stays."""
    if not _noted(model_meta).update(claimed_at=timezone.now()):
        record_claims(claims=[Claim(model_meta.pk, MetadataOrigin.CARD, {})], reason=MetadataVersion.Reason.HUB)


def _patiently(name: str, known_commit: str, sleep: Callable[[float], None]) -> ModelSnapshot | None:
    """As `read_model_if_changed`, asking again after a while where the Hub does not answer."""
    for seconds in SECONDS_BEFORE_RETRIES:
        try:
            return hub.read_model_if_changed(name, known_commit)
        except hub.HubUnreachable:
            sleep(seconds)
    return hub.read_model_if_changed(name, known_commit)
