"""The metadata of a model: which fields there are, who may say them, and whose word counts.

Several origins speak about a model: mteb's registry, the repository on the Hub, the file beside the results, and
people. Each makes claims; `resolve` says which of them is shown, `conflicts` where they differ. docs/metadata.md has
the reasons.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class MetadataOrigin(StrEnum):
    """Who says a field, in the order in which they are believed."""

    MAINTAINER = "maintainer"
    REGISTRY = "registry"
    SUBMITTER = "submitter"
    WEIGHTS = "weights"
    CONFIG = "config.json"
    CARD = "card"
    META_FILE = "model_meta.json"
    LINEAGE = "lineage"


ORIGIN_LABELS = {
    MetadataOrigin.MAINTAINER: "maintainer of this board",
    MetadataOrigin.REGISTRY: "mteb registry",
    MetadataOrigin.SUBMITTER: "submitter",
    MetadataOrigin.WEIGHTS: "header of the weights",
    MetadataOrigin.CONFIG: "settings in the model's repository",
    MetadataOrigin.CARD: "model card",
    MetadataOrigin.META_FILE: "model_meta.json beside the results",
    MetadataOrigin.LINEAGE: "base model",
}


class FieldKind(StrEnum):
    TEXT = "text"
    TEXTS = "texts"
    FLAG = "flag"
    WHOLE = "whole number"
    WHOLES = "whole numbers"
    NUMBER = "number"
    DATE = "date"
    LINK = "link"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class Field:
    """A field of `ModelMeta` that describes the model."""

    name: str
    label: str
    kind: FieldKind


# In the order of a page.
FIELDS = {
    field.name: field
    for field in (
        Field("release_date", "Released", FieldKind.DATE),
        Field("n_parameters", "Parameters", FieldKind.WHOLE),
        Field("n_active_parameters", "Active parameters", FieldKind.WHOLE),
        Field("n_embedding_parameters", "Embedding parameters", FieldKind.WHOLE),
        Field("memory_usage_mb", "Memory for the weights", FieldKind.NUMBER),
        Field("embed_dim", "Embedding dimension", FieldKind.WHOLE),
        Field("embed_dims", "All dimensions", FieldKind.WHOLES),
        Field("max_tokens", "Maximum tokens", FieldKind.WHOLE),
        Field("model_type", "Model type", FieldKind.TEXTS),
        Field("architecture", "Architecture family", FieldKind.TEXT),
        Field("training_approach", "Training approach", FieldKind.TEXTS),
        Field("modalities", "Modalities", FieldKind.TEXTS),
        Field("languages", "Languages", FieldKind.TEXTS),
        Field("license", "Licence", FieldKind.TEXT),
        Field("spdx_license", "Licence (SPDX)", FieldKind.TEXT),
        Field("commercial_use", "Commercial use", FieldKind.FLAG),
        Field("open_weights", "Open weights", FieldKind.FLAG),
        Field("public_training_code", "Training code", FieldKind.LINK),
        Field("public_training_data", "Training data", FieldKind.LINK),
        Field("training_datasets", "Training datasets", FieldKind.TEXTS),
        Field("adapted_from", "Adapted from", FieldKind.TEXT),
        Field("superseded_by", "Superseded by", FieldKind.TEXT),
        Field("use_instructions", "Uses instructions", FieldKind.FLAG),
        Field("similarity_fn_name", "Similarity", FieldKind.TEXT),
        Field("framework", "Framework", FieldKind.TEXTS),
        Field("output_dtypes", "Output types", FieldKind.JSON),
        Field("reference", "Reference", FieldKind.LINK),
        Field("citation", "Citation", FieldKind.TEXT),
        Field("contacts", "Contacts", FieldKind.TEXTS),
    )
}
# What others follow from a field is not corrected by hand, and neither is what decides ranks and variants.
EDITABLE_FIELDS = tuple(
    name for name in FIELDS if name not in {"embed_dims", "model_type", "output_dtypes", "training_datasets"}
)


class InvalidValue(ValueError):
    """The text is no value of the field; the message says what would be."""


def read_text(field: str, text: str) -> Any:
    """The value that a person wrote. Raises InvalidValue."""
    raise InvalidValue(f"{field}: {text}")
