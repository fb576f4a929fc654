"""What the query field of a board can ask about: metadata of models, and the scores of the board's tasks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from leaderboard.filters import verified
from leaderboard.languages import bare_code
from leaderboard.query_language import NAME, Field
from leaderboard.verification import Level

# Name of the field -> attribute of the model's facts.
_FACTS = {
    NAME: "name",
    "params": "n_parameters",
    "active_params": "n_active_parameters",
    "memory": "memory_usage_mb",
    "dim": "embed_dim",
    "tokens": "max_tokens",
    "released": "release_date",
    "commercial": "commercial_use",
    "open": "open_weights",
    "framework": "framework",
    "type": "model_type",
    "modality": "modalities",
    "instructions": "use_instructions",
    "architecture": "architecture",
    "approach": "training_approach",
    "org": "organisation",
    "adapted_from": "adapted_from",
    "speed": "texts_per_second",
    "latency": "latency_p50_ms",
    "energy": "watt_hours_per_million_tokens",
    "index": "index_mb",
}
METADATA = (
    Field(NAME, "text", ("model",), "name of the model"),
    Field("org", "text", ("organisation", "organization", "owner"), "who made it"),
    Field("params", "number", ("parameters", "size", "n_parameters"), "number of parameters"),
    Field("active_params", "number", ("active_parameters",), "parameters active for a token"),
    Field("memory", "number", (), "memory the weights take", unit="MB"),
    Field("dim", "number", ("dimensions", "dimension", "embed_dim"), "largest embedding dimension"),
    Field("tokens", "number", ("max_tokens", "context"), "longest input in tokens"),
    Field("released", "date", ("release_date", "release"), "day of its release"),
    Field("license", "text", ("licence",), "licence by its SPDX name"),
    Field("commercial", "flag", ("commercial_use",), "whether the licence allows commercial use"),
    Field("open", "flag", ("open_weights",), "whether the weights can be had"),
    Field("framework", "texts", (), "frameworks that load it"),
    Field("type", "texts", ("model_type",), "dense, sparse, late-interaction, ..."),
    Field("modality", "texts", ("modalities",), "text, image, audio, ..."),
    Field("language", "texts", ("languages", "speaks"), "languages the model is made for"),
    Field("instructions", "flag", ("uses_instructions",), "whether it takes instructions"),
    Field("architecture", "text", ("arch",), "family of its architecture"),
    Field("approach", "texts", ("training_approach",), "how it was trained"),
    Field("adapted_from", "text", ("base",), "the model it was made from"),
    Field("speed", "number", ("texts_per_second",), "measured speed, texts per second"),
    Field("latency", "number", ("latency_ms",), "measured latency of one short text, milliseconds"),
    Field("index", "number", ("index_mb",), "size of an index of a million vectors, MB"),
    Field("energy", "number", (), "measured energy for a million tokens, watt-hours"),
)
STANDING = (
    Field("verified", "text", (), "how far it is verified", choices=tuple(Level)),
    Field("rank", "number", (), "rank on this board"),
    Field("zero_shot", "number", ("zeroshot",), "share of the tasks not seen in training", unit="%"),
    Field("coverage", "number", ("tasks_done",), "share of the tasks with all their scores", unit="%"),
    Field("mean", "score", (), "the mean that leads this board"),
    Field("mean_task", "score", (), "mean over tasks"),
    Field("mean_type", "score", ("mean_task_type",), "mean over task types"),
)


# Texts whose values are those of the board's models.
_VOCABULARIES = ("org", "license", "framework", "type", "modality", "architecture", "approach")


def model_fields(notes: Mapping[str, str], models: Iterable[Any]) -> list[Field]:
    """What can be asked of a model wherever it stands.

    `notes` are maintainers' own keys with their kinds, `models` the facts of the models: what they have can be chosen.
    """
    choices: dict[str, set[str]] = {name: set() for name in _VOCABULARIES}
    for facts in models:
        for name, values in choices.items():
            value = _of_facts(facts, name)
            values.update([value] if isinstance(value, str) else value or ())
    kinds: dict[str, Any] = {"number": "number", "flag": "flag"}
    return [
        *(replace(one, choices=sorted(choices[one.name])) if choices.get(one.name) else one for one in METADATA),
        *(Field(f"note.{key}", kinds.get(kind, "text"), (), "noted by a maintainer") for key, kind in notes.items()),
    ]


def board_fields(
    task_types: Sequence[str], task_names: Sequence[str], notes: Mapping[str, str], models: Iterable[Any]
) -> list[Field]:
    """Every field of a board, those of all boards first; `notes` and `models` as above."""
    fields = [*model_fields(notes, models), *STANDING]
    taken = {name for field in fields for name in (field.name, *field.aliases)}
    return [
        *fields,
        *(Field(name, "score", (), "mean of the task type") for name in task_types if name not in taken),
        *(Field(name, "score", (), "score of the task") for name in task_names if name not in {*taken, *task_types}),
    ]


def _of_facts(facts: Any, name: str) -> Any:
    return facts.spdx_license or facts.license if name == "license" else getattr(facts, _FACTS[name])


def model_lookup(facts: Any, notes: Mapping[str, Any]) -> Callable[[str], Any]:
    """A model's value by the name of a field of `model_fields`, None for others; `notes` are by their own key."""

    def value_of(name: str) -> Any:
        if name in _FACTS or name == "license":
            return _of_facts(facts, name)
        if name == "language":
            return [form for code in facts.languages or () for form in (code, bare_code(code))]
        return notes.get(name.removeprefix("note.")) if name.startswith("note.") else None

    return value_of


def value_lookup(facts: Any, row: Any, scores: Mapping[str, Any], notes: Mapping[str, Any]) -> Callable[[str], Any]:
    """A row's value by the name of a field. `scores` are those that depend on the board."""
    of_model = model_lookup(facts, notes)

    def value_of(name: str) -> Any:
        if name == "verified":
            return verified(facts, row)
        return scores[name] if name in scores else of_model(name)

    return value_of
