"""A model's scores as the Hub shows them on the model's page: a YAML file for the folder `.eval_results`.

The format: https://huggingface.co/docs/hub/eval-results. As in mteb's own export an entry is named by its task and
holds the score x 100; incomplete results and variants are left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from leaderboard.selectors.model_metas import ModelScore

_DIGITS = 5


def eval_results(scores: Sequence[ModelScore], *, dataset_paths: Mapping[str, str], address: str) -> str:
    """The file. `scores` come with provenance; `dataset_paths` maps tasks to repositories; `address` is the source."""
    entries = [
        _entry(score, dataset_paths[score.task_name], address)
        for score in scores
        if score.rank is not None and not score.experiment_id and dataset_paths.get(score.task_name)
    ]
    return yaml.dump(entries, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True)


def _entry(score: ModelScore, dataset_path: str, address: str) -> dict[str, Any]:
    current = score.current
    dataset = {"id": dataset_path, "task_id": score.task_name, "revision": current.dataset_revision}
    version = f"mteb {current.mteb_version}, " if current.mteb_version else ""
    entry = {
        "dataset": {name: value for name, value in dataset.items() if value},
        "value": round((score.score or 0.0) * 100, _DIGITS),
        "date": current.date.date().isoformat() if current.date else None,
        "source": {"url": address, "name": "Podium"},
        "notes": f"{version}model revision {current.model_revision}",
    }
    return {name: value for name, value in entry.items() if value is not None}
