"""What boards show, filter and compare of every model, read once for each data version."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from leaderboard.memory import Kept
from leaderboard.models import ModelMeta
from leaderboard.selectors.versions import data_version


class ModelFacts(NamedTuple):
    """Unknown is None."""

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

    @property
    def organisation(self) -> str:
        return self.name.rpartition("/")[0]


_kept: Kept[dict[int, ModelFacts]] = Kept(1)


def model_facts() -> dict[int, ModelFacts]:
    """Facts by the id of the model."""
    return _kept.get(data_version(), _load)


def _load() -> dict[int, ModelFacts]:
    rows = ModelMeta.objects.values_list(*ModelFacts._fields)
    return {facts[0]: ModelFacts._make(facts) for facts in rows.iterator(2000)}
