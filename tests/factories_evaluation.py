"""Plain functions that make runs and units, for any test."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.db import connection
from django.db.models.functions import Now

from config.settings import BASE_DIR
from evaluation.custom.tasks import read_task_folder
from evaluation.models import EvaluationRun, EvaluationUnit, Worker
from evaluation.services import claims, runs
from evaluation.worker.limits import Limits
from evaluation.worker.process import Surroundings
from leaderboard.models import ModelMeta, Origin, Task
from tests.factories import make_model, make_task

PAIRS = [
    ("A man plays a guitar.", "A man is playing the guitar.", 5),
    ("A dog runs in the park.", "The stock market fell today.", 0),
    ("The soup is too hot.", "The soup is very hot.", 5),
    ("Children swim in the lake.", "She repaired the old printer.", 0),
    ("The train left at noon.", "The train departed at noon.", 5),
    ("He reads a book about stars.", "Cheese is made of milk.", 0),
]


def make_run(
    tasks: Sequence[Task] | int = 1, *, model_meta: ModelMeta | None = None, revision: str = "1" * 40, **fields: Any
) -> EvaluationRun:
    """A queued run on the tasks, or on as many new ones."""
    if isinstance(tasks, int):
        tasks = [make_task() for _ in range(tasks)]
    model_meta = model_meta or make_model()
    return runs.request_run(model_meta=model_meta, revision=revision, tasks=tasks, **fields)


def claimed_unit(run: EvaluationRun | None = None, worker: Worker | None = None) -> EvaluationUnit:
    """The next unit of the queue, claimed; of a new run if none is given."""
    if run is None:
        make_run()
    unit = claims.claim(worker=worker)
    assert unit is not None
    return unit


def make_worker(**fields: Any) -> Worker:
    return Worker.objects.create(**{"host": "somewhere", "pid": 1, "queue": "gpu", **fields})


def let_lease_run_out(unit: EvaluationUnit) -> None:
    EvaluationUnit.objects.filter(pk=unit.pk).update(lease_until=Now() - timedelta(seconds=1))


def make_claimable_now(unit: EvaluationUnit) -> None:
    """As if the wait before a retry were over."""
    EvaluationUnit.objects.filter(pk=unit.pk).update(available_at=Now())


def make_sts_folder(folder: Path, name: str = "TinySTS") -> Path:
    """A custom task as a user would write it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "task.toml").write_text(
        f'name = "{name}"\ntype = "STS"\ndescription = "Few pairs."\nlanguages = ["eng-Latn"]\n', encoding="utf-8"
    )
    rows = [{"sentence1": one, "sentence2": other, "score": score} for one, other, score in PAIRS]
    (folder / "test.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return folder


def make_custom_task(folder: Path, name: str = "TinySTS") -> Task:
    """The task of `make_sts_folder` on the board."""
    definition = read_task_folder(make_sts_folder(folder, name))
    return make_task(
        name,
        origin=Origin.CUSTOM,
        dataset_revision=definition.dataset_revision,
        definition=definition.to_json(),
    )


def surroundings(hub_cache: Path, **changes: Any) -> Surroundings:
    """What a test's evaluating process may see and take: little that it does not need."""
    limits = Limits(memory_mb=4096, processes=256, disk_mb=512, file_mb=256)
    return Surroundings(**{"folder": BASE_DIR, "hf_home": hub_cache / "hf", "threads": 2, "limits": limits, **changes})


def database_url() -> str:
    """The test database as an address, for processes that a test starts."""
    settings = connection.settings_dict
    host, port = settings["HOST"].replace("/", "%2F"), f":{settings['PORT']}" if settings["PORT"] else ""
    password = f":{settings['PASSWORD']}" if settings["PASSWORD"] else ""
    return f"postgresql://{settings['USER']}{password}@{host}{port}/{settings['NAME']}"
