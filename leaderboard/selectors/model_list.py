"""The index of models: filtered, counted and sorted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from django.db.models import Count

from leaderboard.filters import FACT_VALUES
from leaderboard.memory import Kept
from leaderboard.models import Scope, TaskRow
from leaderboard.selectors.facets import Facet, Option, value_label
from leaderboard.selectors.model_facts import ModelFacts, model_facts
from leaderboard.selectors.versions import data_version

RESULTS = "results"
WITH_RESULTS, WITHOUT_RESULTS = "with", "without"
FACETS = {
    RESULTS: "Results",
    "weights": "Weights",
    "commercial": "Commercial use",
    "model_type": "Model type",
    "arch": "Architecture",
    "approach": "Training approach",
}
_RESULT_LABELS = {WITH_RESULTS: "with results", WITHOUT_RESULTS: "without results"}


@dataclass(frozen=True)
class ModelEntry:
    """A model in the index; `n_tasks` counts the tasks on which it has a result."""

    facts: ModelFacts
    n_tasks: int

    @property
    def name(self) -> str:
        """As it is sorted."""
        return self.facts.name.casefold()

    @property
    def license(self) -> str | None:
        return self.facts.spdx_license or self.facts.license

    def values(self, facet: str) -> Iterable[str]:
        if facet == RESULTS:
            return (WITH_RESULTS if self.n_tasks else WITHOUT_RESULTS,)
        return FACT_VALUES[facet](self.facts)


@dataclass(frozen=True)
class ModelFilter:
    """What the index is narrowed to: `chosen` is a value by facet, `matching` are ids, None for all of them."""

    chosen: Mapping[str, str] = field(default_factory=dict)
    matching: Collection[int] | None = None

    def keeps(self, entry: ModelEntry, *, without: str = "") -> bool:
        """Whether the entry is left; `without` is a facet that is not looked at."""
        if self.matching is not None and entry.facts.id not in self.matching:
            return False
        return all(value in entry.values(name) for name, value in self.chosen.items() if name != without)


_kept: Kept[list[ModelEntry]] = Kept(len(Scope))


def all_models(scope: Scope) -> list[ModelEntry]:
    """Every model, those with most tasks first; kept in memory until the data change."""
    return _kept.get((scope, data_version()), lambda: _all_models(scope))


def _all_models(scope: Scope) -> list[ModelEntry]:
    rows = TaskRow.objects.in_scope(scope).order_by().values_list("model_meta")
    n_tasks = dict(rows.annotate(n=Count("task", distinct=True)))
    entries = [ModelEntry(facts, n_tasks.get(id_, 0)) for id_, facts in model_facts().items()]
    return sorted(entries, key=lambda entry: (-entry.n_tasks, entry.name))


def facets(entries: Sequence[ModelEntry], chosen: ModelFilter) -> list[Facet]:
    """The values that occur and how many entries each would leave, the most frequent first."""
    return [_facet(entries, chosen, name, label) for name, label in FACETS.items()]


def _facet(entries: Sequence[ModelEntry], chosen: ModelFilter, name: str, label: str) -> Facet:
    counts = Counter(value for entry in entries if chosen.keeps(entry, without=name) for value in entry.values(name))
    value = chosen.chosen.get(name, "")
    if value:
        counts.setdefault(value, 0)
    options = [
        Option(one, _RESULT_LABELS.get(one, value_label(name, one)), count, chosen=one == value)
        for one, count in counts.most_common()
    ]
    return Facet(name, label, options, [], int(bool(value)))
