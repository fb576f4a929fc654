"""Which tasks models decline to be measured on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from leaderboard.models import DeclinedTask


def declined_tasks(model_ids: Iterable[int]) -> dict[int, dict[str, str]]:
    """Model -> the tasks that it declines, by name, with the reason."""
    found: dict[int, dict[str, str]] = defaultdict(dict)
    rows = DeclinedTask.objects.filter(model_meta__in=set(model_ids)).order_by()
    for model_id, task, reason in rows.values_list("model_meta_id", "task__name", "reason"):
        found[model_id][task] = reason
    return dict(found)
