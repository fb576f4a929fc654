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
    import numpy as np

    encode = getattr(model, "encode", None)
    if encode is None:
        return

    def checked(*arguments: Any, **named: Any) -> Any:
        embeddings = encode(*arguments, **named)
        if isinstance(embeddings, np.ndarray) and not np.isfinite(embeddings).all():
            broken = int((~np.isfinite(embeddings).reshape(len(embeddings), -1).all(axis=1)).sum())
            raise ModelBroken(
                f"The model gave embeddings that are no numbers (NaN or infinite) for {broken:,} of "
                f"{len(embeddings):,} texts."
            )
        return embeddings

    model.encode = checked
