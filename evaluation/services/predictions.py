"""Files of predictions: kept, and deleted when they are old."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models.functions import Now

from evaluation.models import EvaluationRun, KeptPredictions, WithheldResult
from evaluation.worst_examples import MOST_BYTES, MOST_EXAMPLES
from leaderboard.models import TaskResult
from leaderboard.services.audit import record

KEPT_FOR = timedelta(days=90)


def predictions_folder() -> Path:
    return Path(settings.DATA_DIR) / "predictions"


def keep_predictions(
    *, result: TaskResult | WithheldResult, run: EvaluationRun, predictions: Mapping[str, Any]
) -> KeptPredictions:
    """Write the file, where there is one, and its row. The file's name is its hash, so writing it twice is harmless."""
    data = base64.b64decode(predictions["data"])
    if len(data) > MOST_BYTES:  # The process may run code of the model, which could send anything.
        data = b""
    digest = hashlib.sha256(data).hexdigest() if data else predictions["digest"]
    path = f"{run.pk}/{digest}.json.zst" if data else ""
    if data:
        file = predictions_folder() / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    of_what: dict[str, Any] = {"result" if isinstance(result, TaskResult) else "withheld_result": result}
    kept, _ = KeptPredictions.objects.update_or_create(
        **of_what,
        defaults={
            "run": run,
            "path": path,
            "size": predictions["size"],
            "digest": digest,
            "worst": predictions["worst"][:MOST_EXAMPLES],
            "deleted_at": None,
        },
    )
    return kept


def publish_predictions(*, withheld: WithheldResult, result: TaskResult) -> None:
    """Those of the withheld result are from now on those of what it became, unless that had its own before."""
    kept = KeptPredictions.objects.filter(withheld_result=withheld).first()
    if kept is None:
        return
    if KeptPredictions.objects.filter(result=result).exists():
        delete_predictions(kept=kept)
    else:
        KeptPredictions.objects.filter(pk=kept.pk).update(result=result, withheld_result=None)


@transaction.atomic
def delete_predictions(*, kept: KeptPredictions, by: User | None = None) -> None:
    """Remove the file and note it; the worst examples stay. `by` is a moderator; nobody where they grew old."""
    if by is not None and kept.path:
        record(actor=by, action="deleted the predictions", subject=kept, before={"size": kept.size})
    if kept.path and not KeptPredictions.objects.filter(path=kept.path).exclude(pk=kept.pk).exists():
        (predictions_folder() / kept.path).unlink(missing_ok=True)
    KeptPredictions.objects.filter(pk=kept.pk).update(path="", deleted_at=Now())


def delete_old_predictions(*, older_than: timedelta = KEPT_FOR) -> int:
    """Says how many files that were."""
    old = KeptPredictions.objects.filter(created_at__lt=Now() - older_than).exclude(path="")
    for kept in old:
        delete_predictions(kept=kept)
    return len(old)
