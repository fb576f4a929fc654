"""Importing a results repository: new files become facts, and a finished import decides what the boards show."""

from __future__ import annotations

import logging
import multiprocessing
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Literal

import orjson
from django.db import connection, transaction
from django.utils import timezone

from leaderboard.experiments import experiment_name
from leaderboard.importing.sources import RevisionFolder, Source
from leaderboard.importing.worker import FileBatch, SeenFile, import_batch, start_worker
from leaderboard.models import (
    BenchmarkTask,
    CellSet,
    CurrentResult,
    ImportedFile,
    ImportRun,
    ModelMeta,
    ModelRevision,
    ResultSource,
    Task,
    TaskResult,
    Variant,
)
from leaderboard.result_files import TaskFacts, UnusableFile, load_json
from leaderboard.services.boards import bump_data_version, lock_publishing, publish_all_boards
from leaderboard.services.currency import choose_current_results
from leaderboard.services.metadata import record_meta_files
from leaderboard.services.model_metas import ensure_revision, ensure_variant
from leaderboard.services.staleness import refresh_stale_results
from leaderboard.services.table_sizes import analyze
from leaderboard.services.verification import compare_with_reruns

logger = logging.getLogger(__name__)

# Grows when the same file would be read differently.
IMPORTER_VERSION = 1
# Batches under way at once: enough to keep the workers busy, few enough to bound memory.
_BATCHES_PER_WORKER = 3
_MAX_BATCH_BYTES = 8 << 20
_MAX_BATCH_FILES = 400
META_FILE = "model_meta.json"
SETTINGS_FILE = "run_settings.jsonl"
_EXPERIMENTS = "experiments"


class ImportFailed(Exception):
    """The import stopped; the boards show what they showed before."""


@dataclass(slots=True)
class _Tally:
    """What was seen so far."""

    files: list[tuple[str, bytes]] = field(default_factory=list)
    n_new: int = 0
    n_unchanged: int = 0
    n_skipped: int = 0

    def add(self, seen: Iterable[SeenFile]) -> None:
        for file in seen:
            self.files.append((file.path, file.digest))
            self.n_skipped += bool(file.reason)
            self.n_new += file.is_new and not file.reason
            self.n_unchanged += not file.is_new


def import_results(
    *,
    source: Source,
    result_source: ResultSource,
    location: str,
    jobs: int,
    progress: Callable[[int], None],
    publishing: Callable[[], None],
) -> ImportRun:
    """Import everything from `source`; returns the finished run.

    Facts are stored as they are read, but what counts changes in one transaction at the end. Killed before that, the
    last complete state stays visible, and the next import goes on from the facts that are there. Raises ImportFailed.
    """
    digest = source.digest()
    run = ImportRun.objects.create(
        source=result_source,
        location=location,
        commit=source.commit,
        archive_digest=digest,
        importer_version=IMPORTER_VERSION,
    )
    latest = result_source.import_runs.filter(state=ImportRun.State.FINISHED).first()
    if digest is not None and latest and _same_archive(latest, digest):
        progress(source.size)
        return _finish(run, n_files=latest.n_files, n_unchanged=latest.n_files, n_skipped=latest.n_skipped)
    try:
        tally = _read_all(source, result_source, jobs, progress)
        publishing()
        return _publish(run, tally)
    except BaseException as error:
        run.state, run.message, run.finished_at = ImportRun.State.FAILED, str(error) or "interrupted", timezone.now()
        run.save()
        if isinstance(error, BrokenProcessPool):
            raise ImportFailed("A worker process died, perhaps for lack of memory: try again with --jobs 1.") from error
        raise


def _same_archive(latest: ImportRun, digest: bytes) -> bool:
    return (
        latest.archive_digest is not None
        and bytes(latest.archive_digest) == digest
        and latest.importer_version == IMPORTER_VERSION
    )


def _read_all(source: Source, result_source: ResultSource, jobs: int, progress: Callable[[int], None]) -> _Tally:
    """Hand every batch to a worker process and collect what they saw."""
    tally = _Tally()
    tasks = _task_facts()
    arguments = (_connection_parameters(), result_source.pk, source.commit, tasks, _task_ids())
    executor = ProcessPoolExecutor(
        jobs, mp_context=multiprocessing.get_context("spawn"), initializer=start_worker, initargs=arguments
    )
    pending: set[Future[list[SeenFile]]] = set()
    _wait_for_disk("off")
    try:
        for batch in _batches(source.folders(progress), result_source):
            pending.add(executor.submit(import_batch, batch))
            if len(pending) >= jobs * _BATCHES_PER_WORKER:
                done, pending = wait(pending, return_when=FIRST_COMPLETED)
                for future in done:
                    tally.add(future.result())
        for future in pending:
            tally.add(future.result())
    finally:
        executor.shutdown(cancel_futures=True)
        _wait_for_disk("on")
    return tally


def _wait_for_disk(setting: Literal["on", "off"]) -> None:
    """Whether commits of this connection wait for the disk.

    While files are read they need not: after a power failure the last of them are missing, and the next import reads
    them again. What is published later waits, and with it everything before.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('synchronous_commit', %s, false)", [setting])


def _connection_parameters() -> dict[str, Any]:
    wanted = {"dbname", "user", "password", "host", "port", "sslmode", "options"}
    return {key: value for key, value in connection.get_connection_params().items() if key in wanted}


def _task_facts() -> dict[str, TaskFacts]:
    rows = Task.objects.values_list("name", "main_score", "eval_langs")
    return {name: TaskFacts(main_score, eval_langs) for name, main_score, eval_langs in rows}


def _task_ids() -> dict[str, int]:
    return dict(Task.objects.values_list("name", "id"))


def _batches(folders: Iterable[RevisionFolder], result_source: ResultSource) -> Iterator[FileBatch]:
    """The result files of each folder by (revision, variant), with what is known of them."""
    known: dict[str, list[bytes]] = defaultdict(list)
    refused: set[str] = set()
    rows = ImportedFile.objects.filter(source=result_source).values_list("path", "digest", "reason")
    for path, digest, reason in rows.iterator(chunk_size=20_000):
        if reason:
            refused.add(path)
        else:
            known[path].append(bytes(digest))
    identities = _Identities()
    for folder in folders:
        for subfolder, files in _subfolders(folder).items():
            identity = identities.of(folder.key, subfolder, files)
            for part in _split(files):
                yield _batch(folder.key, identity, part, known, refused)


def _subfolders(folder: RevisionFolder) -> dict[str, dict[str, bytes | str]]:
    """The folder's files by directory: the revision itself, its experiments, and whatever else there is."""
    found: dict[str, dict[str, bytes | str]] = defaultdict(dict)
    for path, place in folder.files.items():
        found[path.rpartition("/")[0]][path] = place
    return found


def _split(files: dict[str, bytes | str]) -> Iterator[dict[str, bytes | str]]:
    """Parts of bounded size; a file on disk takes no room in a batch, its worker reads it."""
    part: dict[str, bytes | str] = {}
    size = 0
    for path, place in files.items():
        length = len(place) if isinstance(place, bytes) else 0
        if part and (size + length > _MAX_BATCH_BYTES or len(part) >= _MAX_BATCH_FILES):
            yield part
            part, size = {}, 0
        part[path] = place
        size += length
    if part:
        yield part


def _batch(
    key: str,
    identity: tuple[int, int] | str,
    part: dict[str, bytes | str],
    known: dict[str, list[bytes]],
    refused: set[str],
) -> FileBatch:
    unusable = {path: reason for path in part if (reason := _why_no_result(key, path))}
    if isinstance(identity, str):
        unusable = {**dict.fromkeys(part, identity), **unusable}
        identity = 0, 0
    files = {path: place for path, place in part.items() if path.rpartition("/")[2] not in {META_FILE, SETTINGS_FILE}}
    return FileBatch(
        model_revision_id=identity[0],
        variant_id=identity[1],
        files=files,
        known={path: known[path] for path in files if path in known},
        unusable=unusable,
        retried=[path for path in files if path in refused],
    )


def _why_no_result(key: str, path: str) -> str:
    below = path.removeprefix(f"{key}/").split("/")
    if not key or (len(below) != 1 and not (len(below) == 3 and below[0] == _EXPERIMENTS)):
        return "not at <model>/<revision>/<Task>.json or <model>/<revision>/experiments/<variant>/<Task>.json"
    if not path.endswith(".json"):
        return f"not a result file ({PurePosixPath(path).suffix or 'no suffix'})"
    return ""


class _Identities:
    """Ids of revisions and variants; read once, because a repository names a thousand of them."""

    def __init__(self) -> None:
        rows = ModelRevision.objects.select_related("model_meta").only(
            "name", "metadata", "run_settings", "model_meta__name"
        )
        self._revisions = {(row.model_meta.name, row.name): row for row in rows}
        self._variants = {
            (model_meta_id, name): id_
            for id_, model_meta_id, name in Variant.objects.values_list("id", "model_meta_id", "experiment_name")
        }

    def of(self, key: str, subfolder: str, files: dict[str, bytes | str]) -> tuple[int, int] | str:
        """(revision id, variant id) of a directory, or the reason why its files cannot be used.

        As in mteb, model_meta.json has the last word on name and revision; without it the path has, but not for an
        experiment.
        """
        if not key:
            return "not in a revision folder"
        folder, _, revision = key.partition("/")
        name, settings, metadata = folder.replace("__", "/", 1), None, None
        place = files.get(f"{subfolder}/{META_FILE}")
        if place is not None:
            try:
                metadata = load_json(_content(place))
            except UnusableFile as error:
                return f"{META_FILE} beside it cannot be read: {error}"
            name = metadata.get("name") or name
            revision = metadata.get("revision") or revision
            settings = metadata.get("experiment_kwargs")
        elif subfolder != key:
            return f"an experiment without {META_FILE}, so nobody knows what was varied"
        row = self._revision(name, revision)
        if subfolder == key:
            _keep_metadata(row, metadata, files.get(f"{subfolder}/{SETTINGS_FILE}"))
        return row.pk, self._variant(row, settings, metadata)

    def _revision(self, name: str, revision: str) -> ModelRevision:
        if (name, revision) not in self._revisions:
            self._revisions[name, revision] = ensure_revision(name=name, revision=revision)
        return self._revisions[name, revision]

    def _variant(self, row: ModelRevision, settings: Any, metadata: dict[str, Any] | None) -> int:
        key = row.model_meta_id, experiment_name(settings)
        if key not in self._variants:
            self._variants[key] = ensure_variant(model_meta=row.model_meta, settings=settings, metadata=metadata).pk
        return self._variants[key]


def _keep_metadata(row: ModelRevision, metadata: dict[str, Any] | None, settings: bytes | str | None) -> None:
    """Store what the repository says of the revision, if that is new."""
    run_settings = None if settings is None else _json_lines(settings)
    if metadata == row.metadata and run_settings == row.run_settings:
        return
    row.metadata, row.run_settings = metadata, run_settings
    row.save(update_fields=["metadata", "run_settings"])


def _content(place: bytes | str) -> bytes:
    return Path(place).read_bytes() if isinstance(place, str) else place


def _json_lines(place: bytes | str) -> list[Any] | None:
    try:
        return [orjson.loads(line) for line in _content(place).splitlines() if line.strip()]
    except orjson.JSONDecodeError:
        return None


@transaction.atomic
def _publish(run: ImportRun, tally: _Tally) -> ImportRun:
    """Make what the import saw count, in one transaction."""
    lock_publishing()
    analyze(TaskResult, ImportedFile, CellSet, ModelRevision, Variant, ModelMeta, Task, BenchmarkTask)
    n_arrived, n_gone = _mark_present(run.source, tally.files)
    described = record_meta_files()
    if n_arrived or n_gone:
        refresh_stale_results()
        choose_current_results()
        compare_with_reruns()
        analyze(CurrentResult)
        publish_all_boards()
    elif described:
        bump_data_version()
    ResultSource.objects.filter(pk=run.source_id).update(location=run.location, commit=run.commit)
    return _finish(
        run,
        n_files=len(tally.files),
        n_new=tally.n_new,
        n_unchanged=tally.n_unchanged,
        n_skipped=tally.n_skipped,
        n_gone=n_gone,
    )


def _mark_present(source: ResultSource, files: Iterable[tuple[str, bytes]]) -> tuple[int, int]:
    """Say which files the source has now; returns how many it has anew and how many no longer."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE seen_file (path text, digest bytea) ON COMMIT DROP")
        with cursor.copy("COPY seen_file FROM STDIN") as copy:
            for file in files:
                copy.write_row(file)
        # Both sides are large, whatever the planner has heard of a table that has just been filled.
        cursor.execute("SET LOCAL enable_nestloop = off")
        cursor.execute(
            "UPDATE leaderboard_importedfile AS file SET present = false WHERE source_id = %s AND present"
            " AND NOT EXISTS (SELECT FROM seen_file"
            " WHERE file.path = seen_file.path AND file.digest = seen_file.digest)",
            [source.pk],
        )
        n_gone = cursor.rowcount
        cursor.execute(
            "WITH arrived AS (UPDATE leaderboard_importedfile AS file SET present = true FROM seen_file"
            " WHERE file.source_id = %s AND NOT file.present"
            " AND file.path = seen_file.path AND file.digest = seen_file.digest RETURNING file.result_id)"
            " SELECT count(result_id) FROM arrived",
            [source.pk],
        )
        n_arrived = cursor.fetchone()[0]
        cursor.execute("SET LOCAL enable_nestloop = on")
        return n_arrived, n_gone


def _finish(run: ImportRun, **counts: int) -> ImportRun:
    for name, count in counts.items():
        setattr(run, name, count)
    run.state, run.finished_at = ImportRun.State.FINISHED, timezone.now()
    run.save()
    return run
