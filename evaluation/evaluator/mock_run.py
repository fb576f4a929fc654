"""A model is tried on small made-up tasks before it gets a real one, so that a broken one fails within seconds.

Imported only in the process that evaluates.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from evaluation.failures import ModelBroken

if TYPE_CHECKING:
    from mteb.abstasks import AbsTask

logger = logging.getLogger("evaluation.evaluator.runner")


def mock_task(task_type: str) -> AbsTask | None:
    """mteb's first mock task of the type that asks for text only; None where it has none."""
    from mteb.mocks import ALL_MOCK_TASK_TEST_GRID

    for task in ALL_MOCK_TASK_TEST_GRID:
        if task.metadata.type == task_type and task.metadata.modalities == ["text"]:
            found: AbsTask = task
            return found
    return None


def try_on_mock_task(model: Any, task_type: str) -> None:
    """Evaluate the model on the mock task of the type; whatever it raises is the model's fault."""
    import mteb

    task = mock_task(task_type)
    if task is None:
        return
    logger.info("Trying the model on %s.", task.metadata.name)
    mteb.evaluate(
        model,
        task,
        cache=None,
        co2_tracker=False,
        encode_kwargs={"show_progress_bar": False},
        overwrite_strategy="always",
        show_progress_bar=False,
    )


def refuse_numbers_that_are_none(model: Any) -> None:
    """From now on `encode` raises ModelBroken instead of giving embeddings with NaN or infinity in them."""
    encode = getattr(model, "encode", None)
    if encode is None:
        return

    def checked(*arguments: Any, **named: Any) -> Any:
        embeddings = encode(*arguments, **named)
        if broken := _count_broken(embeddings):
            raise ModelBroken(
                f"The model gave embeddings that are no numbers (NaN or infinite) for {broken:,} of "
                f"{len(embeddings):,} texts."
            )
        return embeddings

    model.encode = checked


def _count_broken(embeddings: Any) -> int:
    """Of how many texts the embedding has numbers that are none: an array or a tensor of all, or one for each."""
    import numpy as np
    import torch

    if isinstance(embeddings, np.ndarray) and embeddings.dtype.kind == "f":
        return _count_rows(np.isfinite(embeddings))
    if isinstance(embeddings, torch.Tensor) and embeddings.is_floating_point():
        if embeddings.layout != torch.strided:
            return int(not torch.isfinite(embeddings.coalesce().values()).all())
        return _count_rows(torch.isfinite(embeddings))
    if isinstance(embeddings, list | tuple):
        return sum(_count_broken(one) > 0 for one in embeddings)
    return 0


def _count_rows(finite: Any) -> int:
    """Rows of an array or a tensor of booleans that are not true throughout; a single embedding is one row."""
    if finite.all():
        return 0
    return 1 if finite.ndim < 2 else int((~finite.reshape(len(finite), -1).all(1)).sum())
