"""The metadata of a model: which fields there are, who may say them, and whose word counts.

Several origins speak about a model: mteb's registry, its repository on the Hub, the file beside its results, and
people. What an origin says is its claim; `resolve` makes one set of values out of all claims, `conflicts` says where
they differ. docs/metadata.md has the reasons.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from math import isclose, isfinite
from typing import Any

from leaderboard.licences import allows_commercial_use, is_open_licence, spdx_licence
from leaderboard.training_approaches import APPROACHES


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
    MetadataOrigin.MAINTAINER: "maintainers of this board",
    MetadataOrigin.REGISTRY: "mteb's registry",
    MetadataOrigin.SUBMITTER: "submitter",
    MetadataOrigin.WEIGHTS: "header of the weights",
    MetadataOrigin.CONFIG: "settings in the model's repository",
    MetadataOrigin.CARD: "model card",
    MetadataOrigin.META_FILE: "model_meta.json beside the results",
    MetadataOrigin.LINEAGE: "name of the model or of its base",
}
# An inference fills a gap and contradicts nobody.
INFERRED = frozenset({MetadataOrigin.LINEAGE})
# Between origins that are added up.
_AND = "+"


class FieldKind(StrEnum):
    TEXT = "text"
    TEXTS = "texts"
    FLAG = "flag"
    WHOLE = "whole number"
    WHOLES = "whole numbers"
    NUMBER = "number"
    DATE = "date"
    LINK = "link"


@dataclass(frozen=True, slots=True)
class Field:
    """A field of `ModelMeta` that describes the model.

    `always_shown` fields stand on a page as unknown too. `tolerance` is the relative difference that is rounding.
    """

    name: str
    label: str
    kind: FieldKind
    always_shown: bool = True
    tolerance: float = 0.0
    unit: str = ""


# In the order of a page.
FIELDS = {
    entry.name: entry
    for entry in (
        Field("release_date", "Released", FieldKind.DATE),
        Field("n_parameters", "Parameters", FieldKind.WHOLE, tolerance=0.01),
        Field("n_active_parameters", "Active parameters", FieldKind.WHOLE, tolerance=0.01, always_shown=False),
        Field("n_embedding_parameters", "Embedding parameters", FieldKind.WHOLE, tolerance=0.01, always_shown=False),
        Field("memory_usage_mb", "Memory for the weights", FieldKind.NUMBER, tolerance=0.02, unit="MB"),
        Field("embed_dim", "Embedding dimension", FieldKind.WHOLE),
        Field("embed_dims", "All dimensions", FieldKind.WHOLES, always_shown=False),
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
        Field("superseded_by", "Superseded by", FieldKind.TEXT, always_shown=False),
        Field("use_instructions", "Uses instructions", FieldKind.FLAG),
        Field("similarity_fn_name", "Similarity", FieldKind.TEXT),
        Field("framework", "Framework", FieldKind.TEXTS),
        Field("output_dtypes", "Output types", FieldKind.TEXTS, always_shown=False),
        Field("reference", "Reference", FieldKind.LINK, always_shown=False),
        Field("citation", "Citation", FieldKind.TEXT, always_shown=False),
        Field("contacts", "Contacts", FieldKind.TEXTS, always_shown=False),
    )
}
# Names of variants and zero-shot follow from these, so in the registry's models the registry alone says them.
RULED_BY_REGISTRY = frozenset({"model_type", "embed_dims", "output_dtypes", "training_datasets"})
CORRECTABLE_FIELDS = tuple(name for name in FIELDS if name not in RULED_BY_REGISTRY)
# Tokenizers without a limit give a number of this kind.
NO_LIMIT = 10**8
# An empty list says something here: trained on no dataset of a task.
_EMPTY_MEANS_NONE = frozenset({"training_datasets"})

Values = Mapping[str, Any]
Claims = Mapping[MetadataOrigin, Values]


@dataclass(frozen=True, slots=True)
class Resolved:
    """What is known of a model; unknown fields are absent. An origin may be several, joined by `+`."""

    values: dict[str, Any] = field(default_factory=dict)
    origins: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ClaimedValue:
    """A value of the field `name` with who says it."""

    name: str
    value: Any
    origin: str

    @property
    def text(self) -> str:
        return shown(self.name, self.value)

    @property
    def origin_label(self) -> str:
        return origin_label(self.origin)


@dataclass(frozen=True, slots=True)
class Conflict:
    """A field of which origins say different things. `others` disagree with what is `shown`."""

    name: str
    label: str
    shown: ClaimedValue
    others: tuple[ClaimedValue, ...]
    why: str


def normalised(values: Values, languages: Mapping[str, str]) -> dict[str, Any]:
    """A claim in the words of this board: languages by their full code, and the licence as SPDX beside itself.

    `languages` is ISO 639-1 code -> code with script: en -> eng-Latn.
    """
    found = {name: _without_nul(value) for name, value in known(values).items()}
    if "languages" in found:
        found["languages"] = list(dict.fromkeys(languages.get(code, code) for code in found["languages"]))
    if "license" in found and "spdx_license" not in found and (spdx := spdx_licence(found["license"])):
        found["spdx_license"] = spdx
    return found


def _without_nul(value: Any) -> Any:
    """PostgreSQL has no such character."""
    if isinstance(value, list):
        return [_without_nul(part) for part in value]
    return value.replace("\0", "") if isinstance(value, str) else value


def known(values: Values) -> dict[str, Any]:
    """Only fields of models, and only those with a value."""
    return {
        name: value
        for name, value in values.items()
        if name in FIELDS and value is not None and value != "" and (value != [] or name in _EMPTY_MEANS_NONE)
    }


def resolve(claims: Claims) -> Resolved:
    """Each field by the origin that is believed most; what follows from the licence follows the licence's origin."""
    resolved = Resolved()
    for name in FIELDS:
        speakers = _speakers(claims, name)
        if not speakers:
            continue
        if name == "training_approach" and MetadataOrigin.MAINTAINER not in speakers:
            said = {approach for origin in speakers for approach in claims[origin][name]}
            resolved.values[name] = sorted(said, key=list(APPROACHES).index)
            resolved.origins[name] = _AND.join(speakers)
        else:
            resolved.values[name] = claims[speakers[0]][name]
            resolved.origins[name] = speakers[0]
    _follow_licence(resolved, claims)
    return resolved


def _speakers(claims: Claims, name: str) -> list[MetadataOrigin]:
    """Who says the field, most believed first."""
    speakers = [origin for origin in MetadataOrigin if name in claims.get(origin, {})]
    if MetadataOrigin.REGISTRY not in claims:
        return speakers
    if name in RULED_BY_REGISTRY:
        return [origin for origin in speakers if origin is MetadataOrigin.REGISTRY]
    # The file beside results is the registry's entry on the day of a run: what it has dropped since, nobody says now.
    return [origin for origin in speakers if origin is not MetadataOrigin.META_FILE]


def _follow_licence(resolved: Resolved, claims: Claims) -> None:
    """Set the SPDX expression and commercial use to those of the licence that is shown, unless a maintainer did."""
    corrected = claims.get(MetadataOrigin.MAINTAINER, {})
    origin = resolved.origins.get("license")
    if origin is not None and "spdx_license" not in corrected:
        _set(resolved, "spdx_license", claims[MetadataOrigin(origin)].get("spdx_license"), origin)
    if "commercial_use" not in corrected:
        origin = resolved.origins.get("spdx_license") or origin
        allowed = allows_commercial_use(resolved.values.get("spdx_license"), resolved.values.get("license"))
        _set(resolved, "commercial_use", allowed, origin)


def _set(resolved: Resolved, name: str, value: Any, origin: str | None) -> None:
    if value is None or origin is None:
        resolved.values.pop(name, None)
        resolved.origins.pop(name, None)
    else:
        resolved.values[name], resolved.origins[name] = value, origin


# They are written in many ways that mean the same, or follow from another field, or are added up.
_NOT_COMPARED = frozenset(
    {"training_approach", "spdx_license", "commercial_use", "embed_dims", "citation", "contacts", "output_dtypes",
     "reference"}
)  # fmt: skip


def conflicts(claims: Claims, resolved: Resolved) -> list[Conflict]:
    """Fields of which some origin says something else than what is shown."""
    found = []
    for name, entry in FIELDS.items():
        if name not in resolved.origins or name in _NOT_COMPARED:
            continue
        counts = ClaimedValue(name, resolved.values[name], resolved.origins[name])
        others = tuple(
            ClaimedValue(name, claim[name], origin)
            for origin in MetadataOrigin
            if origin not in INFERRED
            and name in (claim := claims.get(origin, {}))
            and not _mean_the_same(entry, counts.value, claim[name])
            and not (name == "license" and claim.get("spdx_license") == resolved.values.get("spdx_license", ""))
        )
        if others:
            found.append(Conflict(name, entry.label, counts, others, _why(name, counts.origin, claims)))
    return found


def _why(name: str, origin: str, claims: Claims) -> str:
    if name in RULED_BY_REGISTRY and MetadataOrigin.REGISTRY in claims:
        return "In a model of mteb's registry the registry alone says this, because official numbers follow from it."
    return _WHY_BELIEVED[MetadataOrigin(origin)]


_WHY_BELIEVED = {
    MetadataOrigin.MAINTAINER: "A maintainer of this board checked it.",
    MetadataOrigin.REGISTRY: "The registry's entries are reviewed, and the official board shows them.",
    MetadataOrigin.SUBMITTER: "The submitter said it for this board.",
    MetadataOrigin.WEIGHTS: "It was counted in the weights themselves.",
    MetadataOrigin.CONFIG: "These settings are what loads the model.",
    MetadataOrigin.CARD: "The card is kept by the model's authors; the file beside results is from the day of a run.",
    MetadataOrigin.META_FILE: "Nobody else says it.",
    MetadataOrigin.LINEAGE: "Nobody says it, so the name decides.",
}


def _mean_the_same(entry: Field, shown_value: Any, other: Any) -> bool:
    """Whether the other adds nothing: of lists, it may say less than is shown."""
    if entry.tolerance:
        return isclose(shown_value, other, rel_tol=entry.tolerance)
    if entry.name == "languages":
        return {_bare_language(code) for code in other} <= {_bare_language(code) for code in shown_value}
    if entry.kind is FieldKind.TEXTS:
        return {_folded(text) for text in other} <= {_folded(text) for text in shown_value}
    if entry.kind is FieldKind.LINK or entry.name == "adapted_from":
        return _address(shown_value) == _address(other)
    return _folded(shown_value) == _folded(other) if isinstance(shown_value, str) else bool(shown_value == other)


def _folded(value: Any) -> str:
    """Without what people write differently: MaxSim, max_sim."""
    return re.sub(r"[\W_]+", "", str(value)).casefold()


def _bare_language(code: str) -> str:
    """Mandarin, which cards call Chinese, counts as Chinese."""
    bare = re.split("[-_]", code.casefold())[0]
    return "zho" if bare == "cmn" else bare


def _address(text: str) -> str:
    """The name of a repository may be written as its address."""
    return re.sub(r"^https?://(www\.)?(huggingface\.co/)?", "", text.strip().casefold()).rstrip("/")


def origin_label(origin: str) -> str:
    """An origin, or several joined by `+`, in words."""
    return " and ".join(ORIGIN_LABELS[MetadataOrigin(part)] for part in origin.split(_AND))


def shown(name: str, value: Any) -> str:
    """A value as a reader sees it; nothing for unknown."""
    entry = FIELDS[name]
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case [] if name in _EMPTY_MEANS_NONE:
            return "no dataset of a task"
        case list() if name == "training_approach":
            return ", ".join(APPROACHES.get(str(approach), str(approach)) for approach in value)
        case list():
            return ", ".join(shown(name, part) for part in value)
        case float():
            return f"{f'{value:,.1f}'.removesuffix('.0')} {entry.unit}".strip()
        case int():
            return f"{value:,} {entry.unit}".strip()
        case "True" if entry.kind is FieldKind.LINK:
            return "yes"
        case date():
            return value.isoformat()
        case _:
            return str(value)


class InvalidValue(ValueError):
    """The text is no value of the field; the message says what would be."""


def read_text(name: str, text: str) -> Any:
    """The value that a person wrote for a field. Raises InvalidValue."""
    text = text.strip()
    if name not in CORRECTABLE_FIELDS:
        raise InvalidValue("This field cannot be corrected by hand.")
    if not text:
        raise InvalidValue("Write a value, or remove the correction.")
    match FIELDS[name].kind:
        case FieldKind.FLAG:
            return read_flag(text)
        case FieldKind.WHOLE:
            return _whole(text)
        case FieldKind.NUMBER:
            if (number := read_number(text)) < 0:
                raise InvalidValue("Write a number from 0 on.")
            return number
        case FieldKind.DATE:
            return _day(text)
        case FieldKind.TEXTS:
            return _texts(name, text)
        case FieldKind.LINK if not text.startswith(("https://", "http://")):
            raise InvalidValue("Write an address that begins with https://.")
        case _:
            return text


def read_flag(text: str) -> bool:
    """Raises InvalidValue."""
    if text.lower() not in {"yes", "no"}:
        raise InvalidValue("Write yes or no.")
    return text.lower() == "yes"


def _whole(text: str) -> int:
    digits = re.sub(r"[,_ ]", "", text)
    if not re.fullmatch(r"[0-9]{1,18}", digits):
        raise InvalidValue("Write a whole number, such as 22713216.")
    return int(digits)


def read_number(text: str) -> float:
    """Raises InvalidValue."""
    try:
        number = float(text.replace(",", ""))
    except ValueError:
        number = float("nan")
    if not isfinite(number):
        raise InvalidValue("Write a number, such as 86.6.")
    return number


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise InvalidValue("Write a day as year-month-day, such as 2025-01-31.") from None


def _texts(name: str, text: str) -> list[str]:
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not parts:
        raise InvalidValue("Write at least one entry; commas stand between entries.")
    if name == "training_approach" and (strange := [part for part in parts if part not in APPROACHES]):
        raise InvalidValue(f"“{strange[0]}” is no training approach. There are: {', '.join(APPROACHES)}.")
    return parts


@dataclass(frozen=True, slots=True)
class Openness:
    """How open a model is: mteb's six questions with their answers. Unknown counts as no, as it does there."""

    answers: Mapping[str, bool]

    @property
    def score(self) -> int:
        return sum(self.answers.values())

    @property
    def out_of(self) -> int:
        return len(self.answers)


OPENNESS_FIELDS = (
    "open_weights", "license", "spdx_license", "public_training_code", "public_training_data", "citation",
)  # fmt: skip


def openness(values: Values, *, has_card: bool) -> Openness:
    return Openness(
        {
            "Open weights": values.get("open_weights") is True,
            "Open licence": is_open_licence(values.get("license"), values.get("spdx_license")),
            "Training code": bool(values.get("public_training_code")),
            "Training data": bool(values.get("public_training_data")),
            "Paper": bool(values.get("citation")),
            "Model card": has_card,
        }
    )


def read_meta_file(content: Values) -> dict[str, Any]:
    """What a model_meta.json says, in the form of this board's fields; whatever it does not know is absent."""
    dims = content.get("embed_dim")
    all_dims = [dim for given in (dims if isinstance(dims, list) else [dims]) if (dim := _count(given, below=NO_LIMIT))]
    n_parameters = _count(content.get("n_parameters"))
    n_embedding = _count(content.get("n_embedding_parameters"))
    n_active = _count(content.get("n_active_parameters_override"))
    if n_active is None and n_parameters is not None and n_embedding is not None:
        n_active = n_parameters - n_embedding
    datasets = content.get("training_datasets")
    return known(
        {
            **{name: _text(content.get(name)) for name in _META_FILE_TEXTS},
            **{name: _text_list(content.get(name)) for name in _META_FILE_LISTS},
            **{name: value for name in _META_FILE_FLAGS if isinstance(value := content.get(name), bool)},
            "release_date": _iso_day(content.get("release_date")),
            "n_parameters": n_parameters,
            "n_embedding_parameters": n_embedding,
            "n_active_parameters": n_active,
            "memory_usage_mb": _size(content.get("memory_usage_mb")),
            "max_tokens": _count(content.get("max_tokens"), below=NO_LIMIT),
            "embed_dim": max(all_dims, default=None),
            "embed_dims": all_dims,
            "training_datasets": sorted(map(str, datasets)) if isinstance(datasets, list | dict) else None,
        }
    )


_META_FILE_TEXTS = (
    "license",
    "public_training_code",
    "public_training_data",
    "adapted_from",
    "superseded_by",
    "similarity_fn_name",
    "reference",
    "citation",
)
_META_FILE_LISTS = ("languages", "framework", "model_type", "modalities", "output_dtypes", "contacts")
_META_FILE_FLAGS = ("open_weights", "use_instructions")


def _text(value: Any) -> str | None:
    """A text without the words that mean nothing; what was published without an address is a bare True."""
    if value is True:
        return "True"
    return value.strip() if isinstance(value, str) and value.strip().lower() not in {"none", "null"} else None


def _text_list(value: Any) -> list[str]:
    given = value if isinstance(value, list) else [value]
    return [text for entry in given if (text := _text(entry))]


def _is_count(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value) and value >= 0


def _count(value: Any, *, below: int = 2**53) -> int | None:
    return int(value) if _is_count(value) and value < below else None


def _size(value: Any) -> float | None:
    return float(value) if _is_count(value) else None


def _iso_day(value: Any) -> str | None:
    try:
        return date.fromisoformat(value).isoformat() if isinstance(value, str) else None
    except ValueError:
        return None
