"""Plain functions that make archives, uploads, comparisons and flags for tests."""

from __future__ import annotations

import io
import json
import stat
import zipfile
from collections.abc import Mapping
from typing import Any

import zstandard
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile

from leaderboard.models import Comparison, ModelMeta, ResultFlag, SourceKind, Task, TaskResult
from leaderboard.services.results import record_result
from submissions.models import ResultUpload, UploadedFile
from submissions.upload_archive import Given, Offer, open_offer
from tests.factories import make_model, make_result, make_task, result_json
from tests.factories_submissions import make_user

COMMIT = "c" * 40


def result_file(task: Task, score: float | None = 0.5, **fields: Any) -> bytes:
    """A sound result of the task's first cell."""
    return result_json(task, {task.eval_splits[0]: {task.hf_subsets[0]: score}}, **fields)


def uploaded(name: str, content: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def zip_of(files: Mapping[str, bytes], name: str = "results.zip") -> SimpleUploadedFile:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in files.items():
            archive.writestr(path, data)
    return SimpleUploadedFile(name, content.getvalue())


def zip_with_link(path: str, target: str) -> SimpleUploadedFile:
    content = io.BytesIO()
    member = zipfile.ZipInfo(path)
    member.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr(member, target)
    return SimpleUploadedFile("linked.zip", content.getvalue())


def folder_of(model_name: str, revision: str, files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files as they lie in mteb's results folder."""
    return {f"results/{model_name.replace('/', '__')}/{revision}/{path}": content for path, content in files.items()}


def meta_file(name: str, revision: str, **fields: Any) -> bytes:
    """A complete model_meta.json."""
    said: dict[str, Any] = {
        "name": name,
        "revision": revision,
        "release_date": "2026-01-02",
        "languages": ["eng-Latn"],
        "n_parameters": 1000,
        "max_tokens": 512,
        "embed_dim": 8,
        "license": "mit",
        "open_weights": True,
        "framework": ["Sentence Transformers"],
        "similarity_fn_name": "cosine",
        "use_instructions": False,
        "training_datasets": None,
    }
    return json.dumps(said | fields).encode()


def offer_of(*files: SimpleUploadedFile) -> Offer:
    return open_offer(Given(file.name or "", file.size or 0, file) for file in files)


def make_upload(submitter: User | None = None, task: Task | None = None, **fields: Any) -> ResultUpload:
    """A pending upload of one file."""
    task = task or make_task()
    defaults = {"model_name": make_model().name, "model_revision": COMMIT, "checks": []}
    upload = ResultUpload.objects.create(submitter=submitter or make_user(), **(defaults | fields))
    UploadedFile.objects.create(
        upload=upload, task=task, path=f"{task.name}.json", payload=zstandard.compress(result_file(task)), score=0.5
    )
    return upload


def rerun_of(reported: TaskResult, score: float) -> TaskResult:
    """A run of this board that repeats a result, stored as a worker stores it."""
    return record_result(
        model_meta=reported.model_revision.model_meta,
        revision=reported.model_revision.name,
        settings=None,
        task=reported.task,
        payload=result_file(reported.task, score),
        source_kind=SourceKind.RUN,
        source_name="runs",
        source_path="rerun",
    )


def make_reported(model_meta: ModelMeta, task: Task, score: float = 0.5) -> TaskResult:
    return make_result(model_meta, task, score, revision=COMMIT, kind=SourceKind.UPLOAD)


def make_comparison(reported: TaskResult, score: float) -> Comparison:
    rerun = rerun_of(reported, score)
    return Comparison.objects.get(reported=reported, rerun=rerun)


def make_flag(result: TaskResult | None = None, flagger: User | None = None, **fields: Any) -> ResultFlag:
    result = result or make_reported(make_model(), make_task())
    defaults = {"reason": ResultFlag.Reason.TOO_GOOD, "text": "This is far above its size."}
    return ResultFlag.objects.create(result=result, flagger=flagger or make_user(), **(defaults | fields))
