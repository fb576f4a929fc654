"""What boards show, filter and compare of every model, read once for each data version."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

from leaderboard.memory import Kept
from leaderboard.models import ModelMeta
from leaderboard.models.measurements import index_megabytes
from leaderboard.selectors.measurements import speed_of_models
from leaderboard.selectors.verification import levels_by_reruns
from leaderboard.selectors.versions import data_version
from leaderboard.verification import Level


class ModelFacts(NamedTuple):
    """Unknown is None. What has a default is measured, everything else a field of the model.

    `reruns` says what reruns say of the model, by variant.
    """

    id: int
    name: str
    n_parameters: int | None
    n_active_parameters: int | None
    memory_usage_mb: float | None
    embed_dim: int | None
    max_tokens: int | None
    release_date: date | None
    license: str | None
    spdx_license: str | None
    commercial_use: bool | None
    open_weights: bool | None
    framework: list[str]
    model_type: list[str]
    modalities: list[str]
    languages: list[str] | None
    use_instructions: bool | None
    architecture: str | None
    training_approach: list[str] | None
    contaminated_tasks: list[str] | None
    adapted_from: str | None
    texts_per_second: float | None = None
    peak_mb: float | None = None
    latency_p50_ms: float | None = None
    watt_hours_per_million_tokens: float | None = None
    reruns: Mapping[str, Level] = {}

    @property
    def index_mb(self) -> float | None:
        """Of a million vectors."""
        return None if self.embed_dim is None else index_megabytes(self.embed_dim)

    @property
    def organisation(self) -> str:
        return self.name.rpartition("/")[0]


# What of the facts is measured, under the names that `Speed` has for it.
MEASURED = ("texts_per_second", "peak_mb", "latency_p50_ms", "watt_hours_per_million_tokens")

_kept: Kept[dict[int, ModelFacts]] = Kept(1)


def model_facts() -> dict[int, ModelFacts]:
    """Facts by the id of the model."""
    return _kept.get(data_version(), _load)


def _load() -> dict[int, ModelFacts]:
    stored = [name for name in ModelFacts._fields if name not in ModelFacts._field_defaults]
    rows = ModelMeta.objects.values_list(*stored)
    facts = {row[0]: ModelFacts(*row) for row in rows.iterator(2000)}
    for id_, speed in speed_of_models().items():
        facts[id_] = facts[id_]._replace(**{name: getattr(speed, name) for name in MEASURED})
    for (id_, experiment_id), level in levels_by_reruns().items():
        facts[id_] = facts[id_]._replace(reruns={**facts[id_].reruns, experiment_id: level})
    return facts
