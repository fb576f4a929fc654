"""The results of a model as a zip that `mteb.ResultCache` reads: files byte for byte, metadata beside them.

Members are made one after the other while the zip is sent, so that only a few files are held at a time.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import orjson
from django.db.models import F
from zipstream import ZIP_DEFLATED, ZipStream

from leaderboard.exports.columns import LICENCE
from leaderboard.exports.streams import in_chunks
from leaderboard.models import ModelMeta, ModelRevision, Scope, TaskResult, Variant
from leaderboard.selectors.results import stored_file

_FILES_AT_ONCE = 32
_NAMES = ("model_revision__name", "variant__experiment_name", "task__name")
_UNSAFE = re.compile(r"[^\w.()=,+@{}\[\]-]|^\.+$")
# What mteb's model_meta.json says that stands in the registry's row under the same name.
_META_FIELDS = (
    *("release_date", "languages", "n_parameters", "n_active_parameters", "n_embedding_parameters", "memory_usage_mb"),
    *("max_tokens", "license", "open_weights", "public_training_code", "public_training_data", "framework"),
    *("reference", "similarity_fn_name", "use_instructions", "training_datasets", "adapted_from", "superseded_by"),
    *("model_type", "modalities", "output_dtypes", "citation", "contacts"),
)

README = """\
# Results of {name}

`results/` is laid out as mteb lays out its cache: unpack the zip into a folder and read it with

    import mteb

    results = mteb.ResultCache("FOLDER").load_results(load_experiments="match_name")

Each result is the file that was evaluated or handed in, byte for byte. model_meta.json is what came with the results;
where nothing came, it says what the registry knows. Variants of the model are below `experiments/`.
{more}
Licence of the data: {licence}.
"""
MORE = """
mteb has one place for each task of a revision. Files whose place is taken are below `more/`, under the number of the
result: results that complete another one, or that another one superseded.
"""


@dataclass(frozen=True, slots=True)
class ArchivedResult:
    """A result and where it lies in the zip; `takes_place` is False for one whose place another result has."""

    result_id: int
    revision_id: int
    variant_id: int
    folder: str
    file_name: str
    takes_place: bool

    @property
    def path(self) -> str:
        path = f"{self.folder}/{self.file_name}"
        return path if self.takes_place else f"more/{self.result_id}/{path.removeprefix('results/')}"


def archived_results(model_meta: ModelMeta, scope: Scope, *, everything: bool = False) -> list[ArchivedResult]:
    """The model's results that count in the scope, or all of them, folder by folder.

    Of several results with one place that one has it that leads on the boards, else the newest.
    """
    part = F(f"current__{scope}_part")
    found = TaskResult.objects.filter(model_revision__model_meta=model_meta).annotate(part=part)
    if not everything:
        found = found.filter(part__isnull=False)
    rows: Iterable[Any] = (
        found.order_by(*_NAMES, part.asc(nulls_last=True), F("date").desc(nulls_last=True), "pk")
        .values_list("pk", "model_revision_id", "variant_id", *_NAMES, named=True)
        .iterator()
    )
    archived: list[ArchivedResult] = []
    taken: set[tuple[str, str]] = set()
    for row in rows:
        folder = _folder(model_meta, row)
        file_name = f"{_safe(row.task__name)}.json"
        archived.append(
            ArchivedResult(
                result_id=row.pk,
                revision_id=row.model_revision_id,
                variant_id=row.variant_id,
                folder=folder,
                file_name=file_name,
                takes_place=(folder, file_name) not in taken,
            )
        )
        taken.add((folder, file_name))
    return archived


def _folder(model_meta: ModelMeta, row: Any) -> str:
    """mteb's folder of a revision or an experiment."""
    revision = _safe(row.model_revision__name)
    if revision != row.model_revision__name:
        revision = f"{revision}_{row.model_revision_id}"
    folder = f"results/{_safe(model_meta.name.replace('/', '__'))}/{revision}"
    experiment = row.variant__experiment_name
    return f"{folder}/experiments/{_safe(experiment)}" if experiment else folder


def _safe(name: str) -> str:
    """The name as a file or folder that lies where it should on every system."""
    return _UNSAFE.sub("_", name)


def model_archive(model_meta: ModelMeta, archived: Sequence[ArchivedResult]) -> Iterator[bytes]:
    """The zip, as it is being made."""
    return in_chunks(_zipped(_members(model_meta, archived)))


def _zipped(members: Iterable[tuple[str, bytes]]) -> Iterator[bytes]:
    archive = ZipStream(compress_type=ZIP_DEFLATED)
    for path, content in members:
        archive.add(content, path)
        yield from archive.file()
    yield from archive.footer()


def _members(model_meta: ModelMeta, archived: Sequence[ArchivedResult]) -> Iterator[tuple[str, bytes]]:
    more = "" if all(result.takes_place for result in archived) else MORE
    yield "README.md", README.format(name=model_meta.name, more=more, licence=LICENCE).encode()
    for folder, group in groupby(archived, lambda result: result.folder):
        results = list(group)
        yield from _about(model_meta, folder, results[0])
        yield from _files(results)


def _about(model_meta: ModelMeta, folder: str, result: ArchivedResult) -> Iterator[tuple[str, bytes]]:
    """model_meta.json and, beside a base run that has them, its settings."""
    revision = ModelRevision.objects.get(pk=result.revision_id)
    variant = Variant.objects.get(pk=result.variant_id)
    metadata = {**(revision.metadata or _registry_metadata(model_meta)), "name": model_meta.name}
    metadata |= {"revision": revision.name, "experiment_kwargs": variant.settings or None}
    yield f"{folder}/model_meta.json", orjson.dumps(metadata, option=orjson.OPT_INDENT_2)
    if revision.run_settings and not variant.experiment_name:
        yield f"{folder}/run_settings.jsonl", b"".join(orjson.dumps(line) + b"\n" for line in revision.run_settings)


def _registry_metadata(model_meta: ModelMeta) -> dict[str, Any]:
    known = {name: getattr(model_meta, name) for name in _META_FIELDS}
    return {**known, "embed_dim": model_meta.embed_dim, "loader": None}


def _files(results: Sequence[ArchivedResult]) -> Iterator[tuple[str, bytes]]:
    for start in range(0, len(results), _FILES_AT_ONCE):
        some = results[start : start + _FILES_AT_ONCE]
        stored = TaskResult.objects.only("payload").in_bulk([result.result_id for result in some])
        for result in some:
            yield result.path, stored_file(stored[result.result_id])
