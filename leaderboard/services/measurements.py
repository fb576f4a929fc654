"""Storing what was measured while a result came about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from leaderboard.models import Measurement, TaskResult


def record_measurement(*, result: TaskResult, run: int | None, measured: Mapping[str, Any]) -> Measurement:
    """Keep what was measured beside the result, in the transaction that publishes it: that bumps the data version.

    `measured` has the names of the fields of `Measurement`.
    """
    return Measurement.objects.create(
        model_revision_id=result.model_revision_id,
        variant_id=result.variant_id,
        task_id=result.task_id,
        run=run,
        **measured,
    )
