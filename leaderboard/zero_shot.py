"""What a model has seen in training, and how much of a board that leaves unseen."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping


def similar_tasks(links: Iterable[tuple[str, str]]) -> dict[str, frozenset[str]]:
    """Task -> all tasks connected with it, itself included.

    A link joins a task with one that it was adapted from or that supersedes it; similarity is symmetric and transitive.
    """
    neighbours: dict[str, set[str]] = defaultdict(set)
    for one, other in links:
        neighbours[one].add(other)
        neighbours[other].add(one)
    component_of: dict[str, frozenset[str]] = {}
    for start in neighbours:
        if start in component_of:
            continue
        component = _reachable(start, neighbours)
        component_of.update(dict.fromkeys(component, component))
    return component_of


def _reachable(start: str, neighbours: Mapping[str, set[str]]) -> frozenset[str]:
    seen = {start}
    waiting = [start]
    while waiting:
        new = neighbours[waiting.pop()] - seen
        seen |= new
        waiting.extend(new)
    return frozenset(seen)


def contaminated_tasks(
    model_name: str,
    training_datasets: Mapping[str, Collection[str] | None],
    adapted_from: Mapping[str, str | None],
    similar: Mapping[str, frozenset[str]],
) -> frozenset[str] | None:
    """Every dataset the model saw: its own, those of the models it was adapted from, and tasks similar to any of them.

    None where the model's own training data is unknown. A base model with unknown data adds nothing, and neither do the
    models behind it.
    """
    seen: set[str] = set()
    visited: set[str] = set()
    name: str | None = model_name
    while name is not None and name not in visited:
        visited.add(name)
        own = training_datasets.get(name)
        if own is None:
            break
        seen.update(own)
        name = adapted_from.get(name)
    if training_datasets.get(model_name) is None:
        return None
    return frozenset(seen).union(*(similar.get(dataset, frozenset()) for dataset in seen))


def zero_shot_percentage(contaminated: Collection[str] | None, task_names: Collection[str]) -> int | None:
    """Percent of the tasks that were not seen, rounded down as mteb does; None where unknown or without tasks."""
    if contaminated is None or not task_names:
        return None
    seen = len(set(contaminated) & set(task_names))
    return int(100 - 100 * (seen / len(task_names)))
