"""What follows from the training data that somebody disclosed."""

from __future__ import annotations

from typing import Any

from leaderboard.models import ModelMeta, Task
from leaderboard.zero_shot import contaminated_tasks, similar_tasks


def note_contamination(*, model_meta: ModelMeta) -> bool:
    """Set which tasks a model outside the registry has seen; says whether that is new.

    Who calls this bumps the data version; boards show it when they are computed next.
    """
    if model_meta.in_registry:
        return False
    rows: Any = ModelMeta.objects.values_list("name", "training_datasets", "adapted_from")
    known = {name: (datasets, base) for name, datasets, base in rows}
    known[model_meta.name] = (model_meta.training_datasets, model_meta.adapted_from)
    seen = contaminated_tasks(
        model_meta.name,
        {name: datasets for name, (datasets, _) in known.items()},
        {name: base for name, (_, base) in known.items()},
        similar_tasks(_links()),
    )
    tasks = None if seen is None else sorted(seen)
    if tasks == model_meta.contaminated_tasks:
        return False
    model_meta.contaminated_tasks = tasks
    model_meta.save(update_fields=["contaminated_tasks"])
    return True


def _links() -> list[tuple[str, str]]:
    found = []
    for name, bases, newer in Task.objects.values_list("name", "adapted_from", "superseded_by"):
        found += [(name, base) for base in bases or ()]
        if newer:
            found.append((name, newer))
    return found
