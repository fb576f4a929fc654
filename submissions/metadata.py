"""Facts about a model for its page, each with the file that says it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from leaderboard.licences import NO_ANSWER, spdx_licence
from leaderboard.metadata import FIELDS, NO_LIMIT, InvalidValue, MetadataOrigin, read_text
from leaderboard.training_approaches import APPROACHES, of_card, of_modules
from submissions.experts import n_active_parameters
from submissions.snapshot import DTYPE_BYTES, ModelSnapshot, path_in

CARD = "model card"
TENSORS = "safetensors header"
# Every other origin is a file with settings.
_ORIGINS = {CARD: MetadataOrigin.CARD, TENSORS: MetadataOrigin.WEIGHTS}


@dataclass(frozen=True)
class Fact:
    value: Any
    origin: str


Metadata = dict[str, dict[str, Any]]

# How each field is called on a page, in the order of the page.
LABELS = {
    "n_parameters": "Parameters",
    "parameters_by_dtype": "Parameters by dtype",
    "n_active_parameters": "Active parameters",
    "memory_usage_mb": "Memory for the weights",
    "embed_dim": "Embedding dimension",
    "max_tokens": "Maximum tokens",
    "license": "Licence",
    "spdx_license": "Licence",
    "architecture": "Architecture family",
    "training_approach": "Training approach",
    "languages": "Languages",
    "adapted_from": "Base model",
    "similarity_fn_name": "Similarity",
    "framework": "Framework",
}


# For whoever looks at the submission; the model's entry on the board has no such field.
_NOT_OF_THE_ENTRY = frozenset({"parameters_by_dtype"})

# Classes of sentence-transformers -> mteb's word.
MODEL_TYPES = {
    "SentenceTransformer": "dense",
    "SparseEncoder": "sparse",
    "CrossEncoder": "cross-encoder",
    "MultiVectorEncoder": "late-interaction",
}
READERS = {"vision_config": "image", "audio_config": "audio"}


# What a person may know better than the repository. What was counted in the weights is not among it.
EDITABLE = (
    "release_date", "n_active_parameters", "embed_dim", "max_tokens", "languages", "license", "adapted_from",
    "training_approach", "similarity_fn_name", "use_instructions", "public_training_code", "public_training_data",
    "citation",
)  # fmt: skip


@dataclass(frozen=True)
class ShownFact:
    label: str
    value: str
    origin: str


@dataclass(frozen=True)
class EditableFact:
    """A fact in a form: `value` is what the repository says, `text` what stands in the field."""

    name: str
    label: str
    value: str
    text: str
    origin: str


def editable_facts(metadata: Metadata, given: Mapping[str, str]) -> list[EditableFact]:
    """What may be changed, with what was typed so far; what nobody says is there to be filled in."""
    found = []
    for name in EDITABLE:
        said = written(metadata[name]["value"]) if name in metadata else ""
        origin = metadata[name]["origin"] if name in metadata else ""
        found.append(EditableFact(name, FIELDS[name].label, said, given.get(name, "") or said, origin))
    return found


def read_edits(metadata: Metadata, given: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
    """The fields that somebody changed, and sentences about those that cannot be read, both by field."""
    edits: dict[str, Any] = {}
    problems: dict[str, str] = {}
    for fact in editable_facts(metadata, given):
        if fact.text.strip() == fact.value:
            continue
        try:
            edits[fact.name] = read_text(fact.name, fact.text)
        except InvalidValue as error:
            problems[fact.name] = f"{fact.label}: {error}"
    return edits, problems


def written(value: Any) -> str:
    """As a person would type it."""
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def shown_facts(metadata: Metadata) -> list[ShownFact]:
    """The facts for a reader, in the order of LABELS. The card's word for a licence stands where SPDX has none."""
    return [
        ShownFact(label, _shown(field, metadata[field]["value"]), metadata[field]["origin"])
        for field, label in LABELS.items()
        if field in metadata and not (field == "license" and "spdx_license" in metadata)
    ]


def _shown(field: str, value: Any) -> str:
    match value:
        case dict():
            by_count = sorted(value.items(), key=lambda counted: -counted[1])
            return ", ".join(f"{dtype} {_short(number)}" for dtype, number in by_count)
        case list() if field == "training_approach":
            return ", ".join(APPROACHES[approach] for approach in value)
        case list():
            return ", ".join(map(str, value))
        case float() if field == "memory_usage_mb":
            return f"{value:,.1f} MB"
        case int():
            return f"{value:,}"
        case _:
            return str(value)


def _short(number: int) -> str:
    """22,713,216 -> 22.7M."""
    for size, letter in ((10**9, "B"), (10**6, "M"), (10**3, "K")):
        if number >= 0.9995 * size:  # What rounds up to a thousand of a unit is one of the next.
            return f"{number / size:.3g}{letter}"
    return str(number)


def describe(snapshot: ModelSnapshot) -> Metadata:
    """Field of ModelMeta, or of a submission alone -> {value, origin}. What the repository does not say is absent."""
    found = {
        "n_parameters": _n_parameters(snapshot),
        "parameters_by_dtype": _parameters_by_dtype(snapshot),
        "n_active_parameters": _n_active_parameters(snapshot),
        "memory_usage_mb": _memory(snapshot),
        "embed_dim": _embed_dim(snapshot),
        "max_tokens": _max_tokens(snapshot),
        "model_type": _model_type(snapshot),
        "architecture": _architecture(snapshot),
        "training_approach": _training_approach(snapshot),
        "modalities": _modalities(snapshot),
        "license": _licence(snapshot),
        "spdx_license": _spdx_licence(snapshot),
        "languages": _languages(snapshot),
        "adapted_from": _base_model(snapshot),
        "similarity_fn_name": _similarity(snapshot),
        "framework": _framework(snapshot),
    }
    return {field: asdict(fact) for field, fact in found.items() if fact is not None}


def claims(metadata: Metadata) -> dict[MetadataOrigin, dict[str, str]]:
    """Which fields each kind of origin says, with the file that says it: {origin: {field: file}}."""
    found: dict[MetadataOrigin, dict[str, str]] = {}
    for field, fact in metadata.items():
        if field in _NOT_OF_THE_ENTRY:
            continue
        found.setdefault(_ORIGINS.get(fact["origin"], MetadataOrigin.CONFIG), {})[field] = fact["origin"]
    return found


def _n_parameters(snapshot: ModelSnapshot) -> Fact | None:
    return Fact(sum(snapshot.parameters.values()), TENSORS) if snapshot.parameters else None


def _parameters_by_dtype(snapshot: ModelSnapshot) -> Fact | None:
    return Fact(dict(snapshot.parameters), TENSORS) if snapshot.parameters else None


def _n_active_parameters(snapshot: ModelSnapshot) -> Fact | None:
    if not snapshot.parameters:
        return None
    active = n_active_parameters(snapshot.config, sum(snapshot.parameters.values()))
    return Fact(active, path_in(snapshot.transformer_folder, "config.json")) if active else None


def _memory(snapshot: ModelSnapshot) -> Fact | None:
    counts = snapshot.parameters
    if not counts or not counts.keys() <= DTYPE_BYTES.keys():
        return None
    return Fact(round(sum(DTYPE_BYTES[dtype] * n for dtype, n in counts.items()) / 2**20, 1), TENSORS)


def _embed_dim(snapshot: ModelSnapshot) -> Fact | None:
    """What the last module that sets the size says, else the width of the transformer."""
    if (dense := snapshot.module("Dense")) and (
        size := _whole(snapshot.document("config.json", dense.path), "out_features")
    ):
        return Fact(size, path_in(dense.path, "config.json"))
    if pooling := snapshot.module("Pooling"):
        settings = snapshot.document("config.json", pooling.path)
        size = _whole(settings, "embedding_dimension") or _whole(settings, "word_embedding_dimension")
        if size:
            return Fact(size * _n_pooled(settings), path_in(pooling.path, "config.json"))
    size = _whole(snapshot.config, "hidden_size")
    return Fact(size, "config.json") if size else None


def _n_pooled(settings: dict[str, Any]) -> int:
    """How many poolings are joined end to end."""
    mode = settings.get("pooling_mode")
    if isinstance(mode, list):
        return max(1, len(mode))
    flags = [value for key, value in settings.items() if key.startswith("pooling_mode_")]
    return max(1, sum(flag is True for flag in flags))


def _max_tokens(snapshot: ModelSnapshot) -> Fact | None:
    folder = snapshot.transformer_folder
    for name, key in (
        ("sentence_bert_config.json", "max_seq_length"),
        ("tokenizer_config.json", "model_max_length"),
        ("config.json", "max_position_embeddings"),
    ):
        length = _whole(snapshot.document(name, folder), key)
        if length and length < NO_LIMIT:
            return Fact(length, path_in(folder, name))
    return None


def _architecture(snapshot: ModelSnapshot) -> Fact | None:
    family = snapshot.config.get("model_type")
    if isinstance(family, str) and family:
        return Fact(family, path_in(snapshot.transformer_folder, "config.json"))
    return Fact("static", "modules.json") if snapshot.module("StaticEmbedding") else None


def _training_approach(snapshot: ModelSnapshot) -> Fact | None:
    card = snapshot.card
    declared = of_card(
        _texts(card.get("tags")),
        library=str(card.get("library_name") or ""),
        base_model_relation=str(card.get("base_model_relation") or ""),
    )
    if declared:
        return Fact(declared, CARD)
    looked_up = of_modules(module.short_type for module in snapshot.modules)
    return Fact(looked_up, "modules.json") if looked_up else None


def _model_type(snapshot: ModelSnapshot) -> Fact | None:
    """How sentence-transformers would load it; repositories from before it said so hold dense models."""
    said = snapshot.document("config_sentence_transformers.json").get("model_type")
    if isinstance(said, str) and said in MODEL_TYPES:
        return Fact([MODEL_TYPES[said]], "config_sentence_transformers.json")
    return Fact(["dense"], "modules.json") if snapshot.modules else None


def _modalities(snapshot: ModelSnapshot) -> Fact | None:
    """Parts of a model that read something else than text have settings of their own."""
    config = snapshot.config
    if not config and not snapshot.modules:
        return None
    others = [modality for key, modality in READERS.items() if config.get(key)]
    return Fact(["text", *others], "config.json" if config else "modules.json")


def _licence(snapshot: ModelSnapshot) -> Fact | None:
    """In the card's words."""
    names = [name for name in _texts(snapshot.card.get("license")) if name.lower() not in NO_ANSWER]
    other = str(snapshot.card.get("license_name") or snapshot.card.get("license_link") or "").strip()
    named = [other if other and name.lower() == "other" else name for name in names]
    return Fact(", ".join(named), CARD) if named else None


def _spdx_licence(snapshot: ModelSnapshot) -> Fact | None:
    licence = card_licence(snapshot)
    return Fact(licence, CARD) if licence else None


def card_licence(snapshot: ModelSnapshot) -> str | None:
    """The card's licence as an SPDX expression; several are joined by AND."""
    names = _texts(snapshot.card.get("license"))
    other = str(snapshot.card.get("license_name") or "")
    known = [spdx_licence(name, other_name=other) for name in names]
    if not known or None in known:
        return None
    return " AND ".join(dict.fromkeys(licence for licence in known if licence))


def _languages(snapshot: ModelSnapshot) -> Fact | None:
    languages = [code for code in _texts(snapshot.card.get("language")) if code not in ("multilingual", "code")]
    return Fact(languages, CARD) if languages else None


def _base_model(snapshot: ModelSnapshot) -> Fact | None:
    bases = _texts(snapshot.card.get("base_model"))
    return Fact(bases[0], CARD) if bases else None


def _similarity(snapshot: ModelSnapshot) -> Fact | None:
    name = snapshot.document("config_sentence_transformers.json").get("similarity_fn_name")
    return Fact(name, "config_sentence_transformers.json") if isinstance(name, str) and name else None


def _framework(snapshot: ModelSnapshot) -> Fact | None:
    if snapshot.modules:
        return Fact(["Sentence Transformers", "PyTorch"], "modules.json")
    return Fact(["Transformers", "PyTorch"], "config.json") if snapshot.config else None


def _whole(document: dict[str, Any], key: str) -> int | None:
    """A positive whole number; some files write 1e30 as a float for "no limit"."""
    value = document.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 1 or value != value // 1:
        return None
    return int(value)


def _texts(value: Any) -> list[str]:
    """Cards write one text or a list of texts. YAML reads the Norwegian `no` as False."""
    given = value if isinstance(value, list) else [value]
    return [
        "no" if item is False else item.strip()
        for item in given
        if item is False or (isinstance(item, str) and item.strip())
    ]
