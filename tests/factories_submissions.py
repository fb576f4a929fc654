"""Plain functions that make repositories, people and submissions for tests."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from importlib import import_module
from itertools import count
from pathlib import Path
from typing import Any

from django.apps import apps
from django.contrib.auth.models import Group, User

from leaderboard.models import Benchmark, Task
from submissions.models import Submission
from submissions.snapshot import ModelSnapshot, read_snapshot

COMMIT = "c" * 40
Files = Mapping[str, Any]

_numbers = count(1)


def model_files(**changes: Any) -> dict[str, Any]:
    """A sound sentence-transformers repository. `changes` replace a file by its path; None takes it away."""
    files: dict[str, Any] = {
        "README.md": "---\nlicense: apache-2.0\nlanguage: [en, de]\nbase_model: example/base\n---\n# A model\n",
        "modules.json": [
            {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
            {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
            {"idx": 2, "name": "2", "path": "2_Normalize", "type": "sentence_transformers.models.Normalize"},
        ],
        "config.json": {"model_type": "bert", "hidden_size": 8, "max_position_embeddings": 512},
        "sentence_bert_config.json": {"max_seq_length": 256},
        "1_Pooling/config.json": {"word_embedding_dimension": 8, "pooling_mode_mean_tokens": True},
        "tokenizer_config.json": {"model_max_length": 512},
        "model.safetensors": safetensors({"embeddings": ("F32", [10, 8])}),
    }
    return {path: content for path, content in (files | changes).items() if content is not None}


def safetensors(tensors: Mapping[str, tuple[str, list[int]]]) -> bytes:
    """A file with a true header and no numbers behind it."""
    header = {
        name: {"dtype": dtype, "shape": shape, "data_offsets": [0, 0]} for name, (dtype, shape) in tensors.items()
    }
    encoded = json.dumps(header).encode()
    return len(encoded).to_bytes(8, "little") + encoded


def content_of(value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    return value.encode() if isinstance(value, str) else json.dumps(value).encode()


def snapshot_of(
    files: Files, *, requested_revision: str = "", parameters: Mapping[str, int] | None = None
) -> ModelSnapshot:
    return read_snapshot(
        name="example/model",
        requested_revision=requested_revision,
        commit=COMMIT,
        files={path: len(content_of(value)) for path, value in files.items()},
        read=lambda path: content_of(files[path]),
        parameters=parameters,
    )


def write_files(folder: Path, files: Files) -> Path:
    for path, value in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content_of(value))
    return folder


def make_user(username: str | None = None, **fields: Any) -> User:
    """Without a password, which is slow to make: tests sign in with `client.force_login`."""
    return User.objects.create_user(username or f"user{next(_numbers)}", **fields)


def make_maintainer(username: str | None = None) -> User:
    user = make_user(username, is_staff=True)
    user.groups.add(maintainers())
    return user


def maintainers() -> Group:
    """The group that migrations make; it makes it again where a test with real transactions emptied the database."""
    if not Group.objects.filter(name="Maintainer").exists():
        import_module("submissions.migrations.0002_maintainers").make_group(apps, None)
        import_module("submissions.migrations.0003_maintainers_describe_models").let_maintainers(apps, None)
        import_module("submissions.migrations.0004_maintainers_publish_boards").let_maintainers(apps, None)
        import_module("submissions.migrations.0005_maintainers_note_declined_tasks").let_maintainers(apps, None)
        import_module("submissions.migrations.0006_maintainers_read_the_audit_log").let_maintainers(apps, None)
    return Group.objects.get(name="Maintainer")


def make_submission(
    submitter: User | None = None,
    *,
    benchmarks: Sequence[Benchmark] = (),
    tasks: Sequence[Task] = (),
    **fields: Any,
) -> Submission:
    """A pending submission, as `submit` would save it, without a Hub to ask."""
    number = next(_numbers)
    defaults: dict[str, Any] = {
        "model_name": f"example/submitted-{number}",
        "model_revision": f"{number:040x}",
        "checks": [{"name": "Model", "outcome": "ok", "sentence": "It exists and can be read."}],
        "metadata": {"embed_dim": {"value": 8, "origin": "1_Pooling/config.json"}},
    }
    submission = Submission.objects.create(submitter=submitter or make_user(), **(defaults | fields))
    submission.benchmarks.set(benchmarks)
    submission.tasks.set(tasks)
    return submission
