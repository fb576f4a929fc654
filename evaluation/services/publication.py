"""Results of private runs: withheld first, facts of the board once somebody publishes them.

Imports numpy, as everything does that computes boards.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import zstandard
from django.db import transaction

from evaluation.models import EvaluationRun, WithheldResult
from evaluation.services.predictions import publish_predictions
from evaluation.services.states import lock_run
from leaderboard.models import SourceKind, Task
from leaderboard.services.boards import bump_data_version
from leaderboard.services.measurements import record_measurement
from leaderboard.services.model_metas import list_model
from leaderboard.services.results import NewResult, read_result, record_results

SOURCE = "Podium"


def provenance(run: EvaluationRun, task: Task) -> dict[str, Any]:
    """Whose a result of the run is and where it comes from."""
    return {
        "model_meta": run.model_meta,
        "revision": run.revision,
        "settings": run.settings or None,
        "task": task,
        "source_kind": SourceKind.RUN,
        "source_name": SOURCE,
        "source_path": _path(run, task),
    }


def withhold_result(*, task: Task, payload: bytes, measurement: Mapping[str, Any] | None) -> WithheldResult:
    """Keep what a private run gave, checked as any other result. Raises ResultRefused."""
    parsed = read_result(payload, task)
    return WithheldResult.objects.create(
        payload=zstandard.ZstdCompressor().compress(payload),
        main_scores=parsed.main_scores,
        dataset_revision=parsed.dataset_revision,
        evaluation_time=parsed.evaluation_time,
        measurement=dict(measurement) if measurement else None,
    )


@transaction.atomic
def publish_run(*, run: EvaluationRun) -> int:
    """Make facts of what the run withheld, and let it go on as any other; says how many results that were."""
    run = lock_run(run)
    if not run.is_private:
        return 0
    run.is_private = False
    run.save(update_fields=["is_private"])
    list_model(model_meta=run.model_meta)
    units = list(run.units.filter(withheld_result__isnull=False).select_related("task", "withheld_result"))
    withheld = [unit.withheld_result for unit in units if unit.withheld_result is not None]
    results = record_results(
        model_meta=run.model_meta,
        revision=run.revision,
        files=[
            NewResult(unit.task, zstandard.decompress(kept.payload), run.settings or None, _path(run, unit.task))
            for unit, kept in zip(units, withheld, strict=True)
        ],
        source_kind=SourceKind.RUN,
        source_name=SOURCE,
    )
    for unit, kept, result in zip(units, withheld, results, strict=True):
        if kept.measurement:
            record_measurement(result=result, run=run.pk, measured=kept.measurement)
        publish_predictions(withheld=kept, result=result)
        run.units.filter(pk=unit.pk).update(result=result, withheld_result=None)
    WithheldResult.objects.filter(pk__in=[kept.pk for kept in withheld]).delete()
    bump_data_version()
    return len(results)


def _path(run: EvaluationRun, task: Task) -> str:
    return f"runs/{run.pk}/{task.name}.json"
