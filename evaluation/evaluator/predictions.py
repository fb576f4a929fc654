"""Keeping what a model predicted on a task. Imported only in the process that evaluates.

mteb hands predictions to the task's `_save_task_predictions`, subset by subset, right inside `_evaluate_subset`, which
has the data. Both are wrapped, so texts of the worst examples are at hand and nothing is read twice.
"""

from __future__ import annotations

import base64
import hashlib
import json
import logging
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import zstandard

from evaluation.worst_examples import (
    MOST_BYTES,
    MOST_EXAMPLES,
    WrongExample,
    worst_labels,
    worst_pairs,
    worst_queries,
    worst_similarities,
)

if TYPE_CHECKING:
    from mteb.abstasks import AbsTask

RANKED = {"Retrieval", "Reranking", "InstructionRetrieval", "InstructionReranking"}

logger = logging.getLogger("evaluation.evaluator.predictions")


class PredictionKeeper:
    """Watches one task of mteb while it is evaluated."""

    def __init__(self, task: AbsTask) -> None:
        self._task: Any = task
        self._predictions: dict[str, dict[str, Any]] = {}
        self._worst: list[WrongExample] = []
        self._data: Any = None
        self._evaluate_subset = self._task._evaluate_subset
        self._task._evaluate_subset = self._with_data
        self._task._save_task_predictions = self._save

    def _with_data(self, model: Any, data_split: Any, **kwargs: Any) -> Any:
        self._data = data_split
        return self._evaluate_subset(model, data_split, **kwargs)

    def _save(self, predictions: Any, model: Any, folder: Any, *, hf_split: str, hf_subset: str) -> None:
        self._predictions.setdefault(hf_subset, {})[hf_split] = predictions
        try:
            found = worst_examples(self._task, self._data, predictions, hf_split)
        except Exception:  # A dataset may have any columns; the score must not suffer from that.
            logger.exception("The worst examples of %s could not be told.", self._task.metadata.name)
            return
        found = [replace(example, split=hf_split, subset=hf_subset) for example in found]
        self._worst = sorted([*self._worst, *found], key=lambda example: -example.wrongness)[:MOST_EXAMPLES]

    def packed(self) -> dict[str, Any]:
        """What goes to the worker: `data` is compressed JSON in base64, empty where there is too much of it."""
        content = json.dumps(self._predictions, default=_plain).encode()
        compressed = zstandard.ZstdCompressor(level=10).compress(content)
        fits = len(compressed) <= MOST_BYTES and bool(self._predictions)
        return {
            "data": base64.b64encode(compressed).decode() if fits else "",
            "size": len(compressed),
            "digest": hashlib.sha256(compressed).hexdigest(),
            "worst": [asdict(example) for example in self._worst],
        }


def worst_examples(task: Any, data: Any, predictions: Any, split: str) -> list[WrongExample]:
    """Of one subset and split; none for kinds of tasks where no single example is right or wrong."""
    kind = task.metadata.type
    if kind == "STS":
        texts = list(zip(*(data[name] for name in task.column_names), strict=True))
        return worst_similarities(texts, data["score"], _similarities(predictions))
    if kind == "PairClassification":
        columns = (task.input1_column_name, task.input2_column_name)
        texts = list(zip(*(data[name] for name in columns), strict=True))
        return worst_pairs(texts, data[task.label_column_name], _similarities(predictions))
    if kind == "Classification":
        rows = data[split]
        return worst_labels(rows[task.input_column_name], rows[task.label_column_name], predictions)
    if kind in RANKED:
        return worst_queries(_Texts(data["queries"]), _Texts(data["corpus"]), data["relevant_docs"], predictions)
    return []


def _similarities(predictions: Mapping[str, Any]) -> list[float]:
    """By the model's own measure, where it has one."""
    return [float(value) for value in predictions.get("similarity_scores") or predictions["cosine_scores"]]


class _Texts(Mapping[str, str]):
    """Texts of a dataset by id; only those that are asked for are read."""

    def __init__(self, rows: Any) -> None:
        self._rows = rows
        self._places = {name: place for place, name in enumerate(rows["id"])}

    def __getitem__(self, name: str) -> str:
        row = self._rows[self._places[name]]
        return " ".join(str(row[column]) for column in ("title", "text") if row.get(column))

    def __iter__(self) -> Any:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


def _plain(value: Any) -> Any:
    """Numbers and arrays of numpy and torch as JSON has them."""
    return value.tolist()
