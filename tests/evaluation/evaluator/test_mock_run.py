"""Embeddings that are no numbers are the model's fault, in whatever form they come."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from evaluation.evaluator.mock_run import refuse_numbers_that_are_none
from evaluation.failures import ModelBroken

NAN, INFINITY = float("nan"), float("inf")
ROWS = [[0.0, 1.0], [NAN, 1.0], [1.0, INFINITY]]


def encoder(embeddings: Any) -> Any:
    def encode(texts: list[str]) -> Any:
        return embeddings

    model = SimpleNamespace(encode=encode)
    refuse_numbers_that_are_none(model)
    return model


@pytest.mark.parametrize(
    ("embeddings", "n_broken"),
    [
        (np.array(ROWS), 2),
        (torch.tensor(ROWS, dtype=torch.bfloat16), 2),
        (torch.tensor(ROWS).to_sparse(), 1),
        ([torch.tensor(row) for row in ROWS], 2),
        ([np.array([row]) for row in ROWS], 2),
    ],
)
def test_nan_and_infinity_are_found_in_arrays_tensors_and_lists_of_them(embeddings: Any, n_broken: int) -> None:
    with pytest.raises(ModelBroken, match=f"for {n_broken} of 3 texts"):
        encoder(embeddings).encode(["a", "b", "c"])


@pytest.mark.parametrize(
    "embeddings",
    [np.ones((3, 2)), np.ones((3, 2), dtype=np.int8), torch.ones(3, 2), torch.ones(3, 2).to_sparse(), [], ["text"]],
)
def test_what_holds_numbers_only_is_passed_on(embeddings: Any) -> None:
    assert encoder(embeddings).encode(["a", "b", "c"]) is embeddings
