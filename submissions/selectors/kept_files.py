"""Whether the files and keys are there that rows of the database rely on: what a backup of it alone lacks."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from evaluation.encryption import CannotDecrypt, decrypt
from evaluation.models import Credential, KeptPredictions
from evaluation.services.predictions import predictions_folder
from leaderboard.models import Origin, Task
from submissions.models import DatasetUpload
from submissions.services.datasets import dataset_store

MOST_NAMED = 5


def missing_files() -> list[str]:
    """In sentences; empty where all is there."""
    tasks = Task.objects.filter(origin=Origin.CUSTOM, definition__isnull=False).order_by("name")
    uploads = DatasetUpload.objects.exclude(state=DatasetUpload.State.REJECTED).order_by("pk")
    kept = KeptPredictions.objects.exclude(path="").order_by("pk").values_list("path", flat=True)
    found = [
        _sentence("folders of custom tasks", (Path(str((task.definition or {}).get("folder"))) for task in tasks)),
        _sentence("folders of datasets that people brought", (dataset_store() / upload.content for upload in uploads)),
        _sentence("files of predictions", (predictions_folder() / path for path in kept)),
        _locked_tokens(),
    ]
    return [sentence for sentence in found if sentence]


def _sentence(what: str, wanted: Iterable[Path]) -> str:
    paths = list(dict.fromkeys(wanted))
    missing = [str(path) for path in paths if not path.exists()]
    if not missing:
        return ""
    more = f" and {len(missing) - MOST_NAMED} more" if len(missing) > MOST_NAMED else ""
    return f"{len(missing)} of {len(paths)} {what} are missing: {', '.join(missing[:MOST_NAMED])}{more}."


def _locked_tokens() -> str:
    tokens = [bytes(encrypted) for encrypted in Credential.objects.values_list("encrypted", flat=True)]
    locked = sum(not _opens(token) for token in tokens)
    return f"{locked} of {len(tokens)} tokens cannot be read with PODIUM_CREDENTIAL_KEYS." if locked else ""


def _opens(token: bytes) -> bool:
    try:
        decrypt(token)
    except CannotDecrypt:
        return False
    return True
