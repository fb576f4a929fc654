"""Writes of datasets that people bring: offer, approve, reject."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from evaluation.custom.archives import DESCRIPTIONS, keep_folder, new_folder, unpack
from evaluation.custom.benchmarks import BenchmarkDefinition, read_benchmark_folder
from evaluation.custom.tasks import CustomTaskError, write_task_description
from evaluation.hub import HubError
from evaluation.services.custom_metrics import note_metric
from evaluation.services.hub_datasets import HubDataset, fetch_dataset
from evaluation.services.registration import RegistrationRefused, refuse_clashes, register_benchmark
from leaderboard.services.audit import record
from submissions.models import DatasetSource, DatasetUpload
from submissions.notices import Event
from submissions.services.notifications import notify_of_dataset

if TYPE_CHECKING:
    from django.contrib.auth.models import User

MOST_WAITING = 5


class DatasetRefused(Exception):
    """Nothing was kept. `sentences` say what to correct."""

    def __init__(self, sentences: list[str]) -> None:
        self.sentences = sentences
        super().__init__("\n".join(sentences))


class DecisionRefused(Exception):
    """The message is a sentence for the person who decides."""


def dataset_store() -> Path:
    return Path(settings.DATA_DIR) / "datasets"


def offer_archive(*, submitter: User, archive: IO[bytes], note: str = "") -> DatasetUpload:
    """Unpack, check and keep a zip. Raises DatasetRefused with everything that is wrong."""

    def fill(folder: Path) -> None:
        unpack(archive, folder)

    return _offer(submitter, fill, note)


def offer_hub_dataset(
    *, submitter: User, name: str, revision: str = "", description: dict[str, Any] | None = None, note: str = ""
) -> DatasetUpload:
    """Fetch, check and keep a dataset of the Hub, with the description given here if it has none of its own."""

    def fill(folder: Path) -> HubDataset:
        dataset = fetch_dataset(name, revision, folder)
        if not any((folder / file).is_file() for file in DESCRIPTIONS):
            if not description:
                raise DatasetRefused([f"{name} has no task.toml. Describe the task below."])
            write_task_description(folder, description)
        return dataset

    return _offer(submitter, fill, note)


def _offer(submitter: User, fill: Callable[[Path], HubDataset | None], note: str) -> DatasetUpload:
    waiting = DatasetUpload.objects.filter(submitter=submitter, state=DatasetUpload.State.PENDING).count()
    if waiting >= MOST_WAITING:
        raise DatasetRefused([f"{waiting} datasets of yours wait for a decision already. Offer more after it."])
    try:
        with new_folder(dataset_store()) as folder:
            dataset = fill(folder)
            definition = read_benchmark_folder(folder)
            refuse_clashes(definition)
            content, _ = keep_folder(folder, dataset_store())
    except CustomTaskError as error:
        raise DatasetRefused(error.mistakes) from None
    except HubError as error:
        raise DatasetRefused([str(error)]) from None
    except RegistrationRefused as error:
        raise DatasetRefused(str(error).splitlines()) from None
    try:
        return _save(submitter, definition, content, dataset, note)
    except IntegrityError as error:
        if "the_same_dataset_waits_only_once" not in str(error):
            raise
        raise DatasetRefused(["Exactly these files wait for a decision already."]) from None


@transaction.atomic
def _save(
    submitter: User, definition: BenchmarkDefinition, content: str, dataset: HubDataset | None, note: str
) -> DatasetUpload:
    for task in definition.tasks:
        if task.metric:
            note_metric(metric=task.metric)
    return DatasetUpload.objects.create(
        submitter=submitter,
        source_kind=DatasetSource.HUB if dataset else DatasetSource.ARCHIVE,
        hub_name=dataset.name if dataset else "",
        hub_commit=dataset.commit if dataset else "",
        content=content,
        benchmark_name=definition.name,
        tasks=[
            {
                "name": task.name,
                "type": task.type,
                "main_score": task.main_score,
                "n_samples": sum(counts["num_samples"] for counts in task.statistics.values()),
                "metric": task.metric["sha256"] if task.metric else None,
            }
            for task in definition.tasks
        ],
        note=note,
    )


@transaction.atomic
def approve_dataset(*, upload: DatasetUpload, decided_by: User) -> list[str]:
    """Put its tasks and its benchmark on the board; what changed, as sentences. The code of metrics is not approved."""
    upload = _locked_pending(upload)
    try:
        definition = read_benchmark_folder(dataset_store() / upload.content)
        registration = register_benchmark(definition=definition, source=upload.came_from, added_by=upload.submitter)
    except (CustomTaskError, RegistrationRefused) as error:
        raise DecisionRefused(f"{upload} cannot be added: {error}") from None
    upload.benchmark = registration.benchmark
    _decide(upload, DatasetUpload.State.APPROVED, decided_by)
    notify_of_dataset(dataset=upload, event=Event.DATASET_APPROVED)
    return registration.changes


@transaction.atomic
def reject_dataset(*, upload: DatasetUpload, decided_by: User, reason: str) -> None:
    if not reason.strip():
        raise DecisionRefused("Say why: the submitter reads the reason on the page of the dataset.")
    upload = _locked_pending(upload)
    upload.reason = reason.strip()
    _decide(upload, DatasetUpload.State.REJECTED, decided_by)
    notify_of_dataset(dataset=upload, event=Event.DATASET_REJECTED)


def _locked_pending(upload: DatasetUpload) -> DatasetUpload:
    """The row as it stands now: two people may decide at the same moment."""
    locked = DatasetUpload.objects.select_for_update(of=("self",)).select_related("submitter").get(pk=upload.pk)
    if locked.state != DatasetUpload.State.PENDING:
        raise DecisionRefused(f"{locked} was decided already: it is {locked.get_state_display()}.")
    return locked


def _decide(upload: DatasetUpload, state: DatasetUpload.State, decided_by: User) -> None:
    upload.state = state
    upload.decided_by = decided_by
    upload.decided_at = timezone.now()
    upload.save(update_fields=["state", "decided_by", "decided_at", "reason", "benchmark"])
    record(
        actor=decided_by,
        action=state.value,
        subject=upload,
        before={"state": DatasetUpload.State.PENDING.value},
        after={"state": state.value, "content": upload.content},
        reason=upload.reason,
    )
