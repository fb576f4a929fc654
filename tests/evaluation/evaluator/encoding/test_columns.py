"""Labels are read at once, and are the same."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from typing import Any

import pytest
from datasets import ClassLabel, Dataset, Features, Value

from evaluation.evaluator.encoding.columns import read_numbers_at_once


@pytest.fixture
def data() -> Iterator[Any]:
    lazily = Dataset.__getitem__
    features = Features(
        {"text": Value("string"), "label": ClassLabel(names=["a", "b"]), "score": Value("float64"), "n": Value("int64")}
    )
    rows = {"text": ["x", "y", "z"], "label": [0, 1, 0], "score": [0.5, None, 2.0], "n": [3, 1, 2]}
    read_numbers_at_once()
    read_numbers_at_once()
    yield Dataset.from_dict(rows, features=features)
    Dataset.__getitem__ = lazily


def test_columns_of_numbers_are_lists_and_others_stay_as_they_are(data: Any) -> None:
    assert data["label"] == [0, 1, 0]
    assert data["score"] == [0.5, None, 2.0]
    assert data["label"] is data["label"]
    assert type(data["text"]) is not list
    assert list(data["text"]) == ["x", "y", "z"]
    assert data[1] == {"text": "y", "label": 1, "score": None, "n": 1}
    with pytest.raises(ValueError, match="nothing"):
        data["nothing"]


def test_what_is_made_of_a_dataset_has_columns_of_its_own(data: Any) -> None:
    assert data["n"] == [3, 1, 2]
    assert data.select([2, 0])["n"] == [2, 3]
    assert data.map(lambda row: {"n": row["n"] * 10})["n"] == [30, 10, 20]
    assert data.remove_columns("n").rename_column("label", "n")["n"] == [0, 1, 0]
    assert data.with_format("numpy")["n"][:].sum() == 6


def test_lists_go_with_their_datasets(data: Any) -> None:
    shown = data.select([0])["n"]
    gc.collect()
    assert data.select([1])["n"] == [1] != shown
