"""Names of model variants, as mteb forms them from the settings of an experiment."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

_FORBIDDEN = '<>:"|?*\\/\0'
_MAX_LENGTH = 200
# Fields of model_meta.json that make a variant of their own where they differ from the registry's.
_META_FIELDS = ("model_type", "embed_dim", "output_dtypes")


def experiment_name(settings: Mapping[str, Any] | None) -> str:
    """mteb's name of an experiment, which is also its folder; "" for the base run.

    Settings in alphabetical order, `key_value`, joined by `__`; a hash where the name would be too long or no file
    name.
    """
    if not settings:
        return ""
    name = "__".join(f"{key}_{_written(value)}" for key, value in sorted(settings.items()))
    if len(name) > _MAX_LENGTH or any(character in _FORBIDDEN for character in name):
        return f"exp_{hashlib.sha256(name.encode()).hexdigest()[:16]}"
    return name


def experiment_id(settings: Mapping[str, Any] | None, metadata: Mapping[str, Any], default: Mapping[str, Any]) -> str:
    """What tells the variant's row from the base row (mteb's `_experiment_id`); "" where the settings mean nothing.

    Settings without a value do not count. With any left, those fields of the run's `metadata` join them that differ
    from the registry's `default`.
    """
    meaningful = {key: value for key, value in (settings or {}).items() if _has_meaning(value)}
    if not meaningful:
        return ""
    for field in _META_FIELDS:
        value = metadata.get(field)
        if value != default.get(field) and _has_meaning(value):
            meaningful[field] = value
    return experiment_name(meaningful)


def _has_meaning(value: Any) -> bool:
    return value is not None and value not in ({}, [], "")


def _written(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{key}:{_written(entry)}" for key, entry in sorted(value.items())) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(_written(entry) for entry in value) + "]"
    return "".join("_" if character in _FORBIDDEN else character for character in str(value))
