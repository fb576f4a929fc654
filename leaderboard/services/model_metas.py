"""Models, revisions and variants that results name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils import timezone

from leaderboard.experiments import experiment_id, experiment_name
from leaderboard.models import ModelMeta, ModelRevision, Origin, Variant

_UNREGISTERED = {"origin": Origin.RESULTS, "in_registry": False}


def ensure_model_meta(*, name: str) -> ModelMeta:
    """The model of that name, listed; one that no registry knows is added as known from results."""
    model_meta = ModelMeta.everything.get_or_create(name=name, defaults=_UNREGISTERED)[0]
    list_model(model_meta=model_meta)
    return model_meta


def ensure_unlisted_model_meta(*, name: str) -> ModelMeta:
    """The model of that name; one that is not there yet is kept from everybody's eyes."""
    return ModelMeta.everything.get_or_create(name=name, defaults={**_UNREGISTERED, "is_listed": False})[0]


def list_model(*, model_meta: ModelMeta) -> None:
    """Let everybody know of the model, which counts as new from now on. Who calls this bumps the data version."""
    if model_meta.is_listed:
        return
    model_meta.is_listed = True
    model_meta.first_seen_at = timezone.now()
    model_meta.save(update_fields=["is_listed", "first_seen_at"])


def ensure_revision(*, name: str, revision: str) -> ModelRevision:
    """The revision of the model of that name."""
    found = ModelRevision.objects.select_related("model_meta").filter(model_meta__name=name, name=revision).first()
    return found or ModelRevision.objects.create(model_meta=ensure_model_meta(name=name), name=revision)


def ensure_variant(
    *, model_meta: ModelMeta, settings: Mapping[str, Any] | None, metadata: Mapping[str, Any] | None = None
) -> Variant:
    """The variant that mteb's `experiment_kwargs` name; `metadata` is the run's model_meta.json, if there is one."""
    name = experiment_name(settings)
    found = Variant.objects.filter(model_meta=model_meta, experiment_name=name).first()
    if found:
        return found
    default = {
        "model_type": model_meta.model_type,
        "embed_dim": _plain_dim(model_meta),
        "output_dtypes": model_meta.output_dtypes,
    }
    return Variant.objects.create(
        model_meta=model_meta,
        experiment_name=name,
        experiment_id=experiment_id(settings, metadata or default, default),
        settings=dict(settings or {}),
    )


def _plain_dim(model_meta: ModelMeta) -> int | list[int] | None:
    dims = model_meta.embed_dims
    return dims[0] if dims and len(dims) == 1 else dims
