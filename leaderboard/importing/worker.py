"""What an import's worker processes do: files in, facts out, over a database connection of their own.

A worker knows no Django, so that it starts fast and stays small. The names of tables and columns are those of
`leaderboard.models`; tests/leaderboard/test_imports.py holds both together.
"""

from __future__ import annotations

import gc
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

import orjson
import psycopg
import zstandard
from psycopg.types.json import Jsonb, set_json_dumps

from leaderboard.postgres import array_literal
from leaderboard.result_files import ParsedResult, TaskFacts, UnusableFile, parse_result

MAX_FILE_BYTES = 100 << 20
_COMPRESSION_LEVEL = 1
_RESULT_COLUMNS = (
    "id",
    "model_revision_id",
    "variant_id",
    "task_id",
    "source_id",
    "source_path",
    "source_commit",
    "digest",
    "dataset_revision",
    "mteb_version",
    "date",
    "evaluation_time",
    "kg_co2_emissions",
    "cell_set_id",
    "n_cells",
    "main_scores",
    "payload",
    "created_at",
)
_FILE_COLUMNS = ("source_id", "path", "digest", "result_id", "reason", "present")


@dataclass(frozen=True, slots=True)
class FileBatch:
    """Result files of one model variant in one revision folder.

    `known` maps a path to the digests under which it was imported before. `unusable` are paths already refused, with
    the reason; `retried` are paths that an earlier import refused.
    """

    model_revision_id: int
    variant_id: int
    files: dict[str, bytes | str]
    known: dict[str, list[bytes]]
    unusable: dict[str, str] = field(default_factory=dict)
    retried: list[str] = field(default_factory=list)


class SeenFile(NamedTuple):
    path: str
    digest: bytes
    is_new: bool
    reason: str


class _NewResult(NamedTuple):
    path: str
    digest: bytes
    parsed: ParsedResult
    payload: bytes


@dataclass(slots=True)
class Worker:
    """Holds what all batches of an import share."""

    connection: psycopg.Connection[Any]
    source_id: int
    commit: str | None
    tasks: Mapping[str, TaskFacts]
    task_ids: dict[str, int]
    cell_set_ids: dict[bytes, int] = field(default_factory=dict)
    compressor: zstandard.ZstdCompressor = field(
        default_factory=lambda: zstandard.ZstdCompressor(level=_COMPRESSION_LEVEL)
    )

    def import_batch(self, batch: FileBatch) -> list[SeenFile]:
        """Store the new files of a batch in one transaction; says what it saw of each file."""
        seen, new = self._read(batch)
        refused = [file for file in seen if file.reason]
        with self.connection.transaction(), self.connection.cursor() as cursor:
            if batch.retried:
                cursor.execute(
                    "DELETE FROM leaderboard_importedfile"
                    " WHERE source_id = %s AND result_id IS NULL AND path = ANY(%s)",
                    [self.source_id, batch.retried],
                )
            result_ids = self._store_results(cursor, batch, new) if new else []
            files: list[tuple[str, bytes, int | None, str]] = [
                (file.path, file.digest, id_, "") for file, id_ in zip(new, result_ids, strict=True)
            ]
            files += [(file.path, file.digest, None, file.reason) for file in refused]
            rows = ((self.source_id, *file, False) for file in files)
            _copy(cursor, "leaderboard_importedfile", _FILE_COLUMNS, rows)
        return seen

    def _read(self, batch: FileBatch) -> tuple[list[SeenFile], list[_NewResult]]:
        seen: list[SeenFile] = []
        new: list[_NewResult] = []
        for path, place in batch.files.items():
            content = Path(place).read_bytes() if isinstance(place, str) else place
            digest = hashlib.sha256(content).digest()
            if digest in batch.known.get(path, ()):
                seen.append(SeenFile(path, digest, is_new=False, reason=""))
                continue
            reason = batch.unusable.get(path, "")
            if not reason:
                try:
                    parsed = self._parse(path, content)
                    new.append(_NewResult(path, digest, parsed, self.compressor.compress(content)))
                except UnusableFile as error:
                    reason = str(error)
            seen.append(SeenFile(path, digest, is_new=True, reason=reason))
        return seen, new

    def _parse(self, path: str, content: bytes) -> ParsedResult:
        if len(content) > MAX_FILE_BYTES:
            raise UnusableFile(f"larger than {MAX_FILE_BYTES >> 20} MiB")
        parsed = parse_result(content, self.tasks)
        stem = PurePosixPath(path).stem
        if "/" in parsed.task_name or not parsed.task_name:
            raise UnusableFile(f"{parsed.task_name!r} is no name of a task (file {stem})")
        return parsed

    def _store_results(self, cursor: psycopg.Cursor[Any], batch: FileBatch, new: Sequence[_NewResult]) -> list[int]:
        """Ids of the results, in order; an equal result that is there already is not stored again."""
        cursor.execute(
            "SELECT task_id, digest, id FROM leaderboard_taskresult"
            " WHERE model_revision_id = %s AND variant_id = %s AND source_id = %s",
            [batch.model_revision_id, batch.variant_id, self.source_id],
        )
        stored = {(task_id, bytes(digest)): id_ for task_id, digest, id_ in cursor.fetchall()}
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence('leaderboard_taskresult', 'id')) FROM generate_series(1, %s)",
            [len(new)],
        )
        fresh_ids = iter([id_ for (id_,) in cursor.fetchall()])
        ids, rows = [], []
        now = datetime.now(UTC)
        for file in new:
            task_id = self._task_id(cursor, file.parsed.task_name)
            id_ = stored.get((task_id, file.digest))
            if id_ is None:
                id_ = stored[task_id, file.digest] = next(fresh_ids)
                rows.append(self._result_row(cursor, id_, task_id, batch, file, now))
            ids.append(id_)
        _copy(cursor, "leaderboard_taskresult", _RESULT_COLUMNS, rows)
        return ids

    def _result_row(
        self,
        cursor: psycopg.Cursor[Any],
        id_: int,
        task_id: int,
        batch: FileBatch,
        file: _NewResult,
        now: datetime,
    ) -> tuple[Any, ...]:
        parsed = file.parsed
        return (
            id_,
            batch.model_revision_id,
            batch.variant_id,
            task_id,
            self.source_id,
            file.path,
            self.commit,
            file.digest,
            parsed.dataset_revision,
            parsed.mteb_version,
            parsed.date,
            parsed.evaluation_time,
            parsed.kg_co2_emissions,
            self._cell_set_id(cursor, task_id, parsed),
            len(parsed.main_scores),
            array_literal(parsed.main_scores),
            file.payload,
            now,
        )

    def _task_id(self, cursor: psycopg.Cursor[Any], name: str) -> int:
        """The task's id; a task that only results know gets a row of its own."""
        if name not in self.task_ids:
            self.task_ids[name] = insert_unknown_task(cursor, name)
        return self.task_ids[name]

    def _cell_set_id(self, cursor: psycopg.Cursor[Any], task_id: int, parsed: ParsedResult) -> int:
        digest = parsed.cell_set_digest()
        if digest not in self.cell_set_ids:
            self.cell_set_ids[digest] = intern_cell_set(cursor, task_id, parsed, digest)
        return self.cell_set_ids[digest]


def intern_cell_set(cursor: Any, task_id: int, parsed: ParsedResult, digest: bytes) -> int:
    """The id of the row for this list of cells, made if need be."""
    languages = Jsonb(parsed.languages)
    return _inserted_or_found(
        cursor,
        "INSERT INTO leaderboard_cellset (task_id, digest, size, splits, subsets, languages)"
        " VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT (digest) DO NOTHING RETURNING id",
        [task_id, digest, len(parsed.splits), parsed.splits, parsed.subsets, languages],
        "SELECT id FROM leaderboard_cellset WHERE digest = %s",
        [digest],
    )


def insert_unknown_task(cursor: Any, name: str) -> int:
    """A task that no registry describes, known from results only."""
    return _inserted_or_found(
        cursor,
        "INSERT INTO leaderboard_task (name, origin, in_registry, type, main_score, description, reference, category,"
        " subtypes, domains, modalities, languages, eval_langs, eval_splits, hf_subsets, dataset_path,"
        " dataset_revision, is_public, is_beta, is_aggregate, adapted_from, dialect, citation, contributed_by)"
        " VALUES (%s, 'results', false, 'Unknown', 'main_score', '', '', '', '{}', '{}', '{}', '{}', '[]', '{}', '{}',"
        " '', '', true, false, false, '{}', '{}', '', '') ON CONFLICT (name) DO NOTHING RETURNING id",
        [name],
        "SELECT id FROM leaderboard_task WHERE name = %s",
        [name],
    )


def _inserted_or_found(cursor: Any, insert: str, values: list[Any], select: str, keys: list[Any]) -> int:
    cursor.execute(insert, values)
    row = cursor.fetchone()
    if row is None:
        cursor.execute(select, keys)
        row = cursor.fetchone()
    return int(row[0])


def _copy(cursor: psycopg.Cursor[Any], table: str, columns: Iterable[str], rows: Iterable[tuple[Any, ...]]) -> None:
    with cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


_started: list[Worker] = []


def start_worker(
    connection: Mapping[str, Any],
    source_id: int,
    commit: str | None,
    tasks: Mapping[str, TaskFacts],
    task_ids: dict[str, int],
) -> None:
    """Initialise this process; `connection` are psycopg's connection parameters."""
    gc.disable()  # What parsing makes has no cycles, and looking for them costs a tenth of the time.
    set_json_dumps(lambda value: orjson.dumps(value).decode())
    connected = psycopg.connect(**connection, autocommit=True)
    connected.execute("SET synchronous_commit = off")  # As the main process does: see leaderboard.services.imports.
    _started.append(Worker(connected, source_id, commit, tasks, task_ids))


def import_batch(batch: FileBatch) -> list[SeenFile]:
    """Import a batch in a process that `start_worker` initialised."""
    return _started[0].import_batch(batch)
