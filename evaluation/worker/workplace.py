"""Where a worker evaluates: the process that has a run's model, and what that process may see and take."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

from django.conf import settings

from evaluation.capabilities import default_memory_mb
from evaluation.models import EvaluationRun, Worker
from evaluation.selectors.runs import definitions_of_tasks
from evaluation.services.credentials import credential_for
from evaluation.worker.disk import hub_cache
from evaluation.worker.hub_gateway import allowed_hosts
from evaluation.worker.limits import Limits
from evaluation.worker.process import EvaluatingProcess, Surroundings
from evaluation.worker.sandbox import UNCONFINED, sandbox_kind


class CannotStart(Exception):
    """This host cannot start an evaluating process now; the message says what it lacks."""


class Workplace:
    """The evaluating process of the run that is at work here, if there is one."""

    def __init__(self, worker: Worker | None) -> None:
        self._worker = worker
        self._process: EvaluatingProcess | None = None
        self._run: EvaluationRun | None = None
        self._began = 0.0

    @property
    def run_in_turn(self) -> EvaluationRun | None:
        """The run to go on with while its turn lasts: others may wait a while, but not for the whole of a long run."""
        return self._run if time.monotonic() - self._began < settings.EVALUATION_TURN_SECONDS else None

    def process_for(self, run: EvaluationRun) -> EvaluatingProcess:
        """The one that has the run's model, or a new one. Raises CannotStart, and CannotDecrypt for the run's token."""
        if self._process is None or self._run is None or self._run.pk != run.pk:
            self.close()
            try:
                self._process = start_process(run, self._worker)
            except OSError as error:
                raise CannotStart(f"The evaluating process could not be started: {error.strerror or error}.") from error
            self._run, self._began = run, time.monotonic()
        return self._process

    def close(self) -> None:
        if self._process is not None:
            self._process.end()
        self._process = self._run = None


def start_process(run: EvaluationRun, worker: Worker | None) -> EvaluatingProcess:
    model = {
        "name": run.model_meta.name,
        "revision": run.revision,
        "path": run.local_path or None,
        "pinned_by_content": run.pinned_by_content,
        "settings": run.settings,
        "allows_remote_code": run.allows_remote_code,
        "embeddings_mb": settings.EVALUATION_EMBEDDINGS_MB,
    }
    return EvaluatingProcess(model, surroundings_of(run, worker))


def hf_home() -> Path:
    """Where this host keeps models and datasets, unless HF_HOME says otherwise."""
    return Path(settings.DATA_DIR) / "hf"


def folders_that_fill() -> dict[str, Path]:
    """Where evaluations write on this host, by what: their homes, and what all of them keep of the Hub."""
    return {"temporary files": Path(tempfile.gettempdir()), "the cache of the Hub": hub_cache(os.environ, hf_home())}


def surroundings_of(run: EvaluationRun, worker: Worker | None) -> Surroundings:
    """What the run may see and take on this host. Code of models and of tasks is confined: all else is the board's."""
    definitions = definitions_of_tasks(run)
    has_own_code = run.allows_remote_code or any(definition.get("metric") for definition in definitions)
    folders = [Path(definition["folder"]) for definition in definitions]
    if run.local_path:
        folders.append(Path(run.local_path))
    return Surroundings(
        folder=Path(settings.BASE_DIR),
        hf_home=hf_home(),
        threads=max((os.cpu_count() or 1) // settings.EVALUATION_WORKERS, 1),
        limits=Limits(
            memory_mb=settings.EVALUATION_MEMORY_MB or default_memory_mb(settings.EVALUATION_WORKERS),
            processes=settings.EVALUATION_PROCESSES,
            disk_mb=settings.EVALUATION_DISK_MB,
            file_mb=settings.EVALUATION_DISK_MB,
            has_accelerator=worker is not None and worker.device != "cpu",
        ),
        confinement=(sandbox_kind() or UNCONFINED) if has_own_code else None,
        readable=folders,
        hub_hosts=allowed_hosts(settings.HF_ENDPOINT, settings.EVALUATION_HUB_HOSTS),
        token=credential_for(run),
    )
