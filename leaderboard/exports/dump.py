"""The dump: everything as Parquet, in a folder of its own that appears whole or not at all.

A folder of dumps holds one folder per dump, named for its moment and data version. A new one is written beside them
under another name and renamed at the end; the one before stays for downloads that have begun.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction

from leaderboard.exports.columns import LICENCE
from leaderboard.exports.dump_tables import TABLES, DumpTable, Rows
from leaderboard.exports.parquet import parquet_chunks
from leaderboard.selectors.versions import data_version

KEPT_DUMPS = 2
MANIFEST, README = "manifest.json", "README.md"
_NAME = re.compile(r"\d{8}T\d{6}Z-v\d+")
_UNFINISHED = ".unfinished-"


class DumpRefused(Exception):
    """No dump is written; the message says why."""


@dataclass(frozen=True)
class DumpFile:
    """A file of a dump as its manifest describes it."""

    name: str
    about: str
    n_rows: int
    n_bytes: int
    sha256: str


@dataclass(frozen=True)
class Dump:
    """A finished dump."""

    folder: Path
    data_version: int
    made_at: datetime
    files: tuple[DumpFile, ...]

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def n_bytes(self) -> int:
        return sum(file.n_bytes for file in self.files)

    def path_of(self, name: str) -> Path | None:
        """The file of that name, if it belongs to the dump."""
        return self.folder / name if name in {MANIFEST, README, *(file.name for file in self.files)} else None


def dumps_folder() -> Path:
    """Where the page looks for dumps."""
    return Path(settings.DATA_DIR) / "dump"


def latest_dump(folder: Path) -> Dump | None:
    """The newest finished dump; one whose manifest cannot be read does not count."""
    for name in sorted(_finished(folder), reverse=True):
        try:
            manifest = json.loads((folder / name / MANIFEST).read_bytes())
            return Dump(
                folder=folder / name,
                data_version=manifest["data_version"],
                made_at=datetime.fromisoformat(manifest["made_at"]),
                files=tuple(DumpFile(**file) for file in manifest["files"]),
            )
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return None


def _finished(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if _NAME.fullmatch(path.name)] if folder.is_dir() else []


def write_dump(folder: Path, report: Callable[[DumpFile], object] | None = None) -> Dump:
    """Write a dump into the folder and drop all but the newest few there. Raises DumpRefused."""
    with _alone(), _snapshot():
        made_at = datetime.now(UTC).replace(microsecond=0)
        version = data_version()
        unfinished = folder / f"{_UNFINISHED}{made_at:%Y%m%dT%H%M%S}"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            _remove(path for path in folder.iterdir() if path.name.startswith(_UNFINISHED))
            unfinished.mkdir()
            files = []
            for table in TABLES:
                files.append(_written(table, unfinished, version))
                if report:
                    report(files[-1])
            (unfinished / README).write_text(_readme(files, version, made_at), encoding="utf-8")
            (unfinished / MANIFEST).write_text(_manifest(files, version, made_at), encoding="utf-8")
            finished = unfinished.rename(folder / f"{made_at:%Y%m%dT%H%M%SZ}-v{version}")
        except OSError as error:
            _remove([unfinished])
            raise DumpRefused(f"{error.filename or folder} cannot be written: {error.strerror}.") from error
        except BaseException:
            _remove([unfinished])
            raise
        _remove(folder / name for name in sorted(_finished(folder))[:-KEPT_DUMPS])
    return Dump(finished, version, made_at, tuple(files))


@contextmanager
def _alone() -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtext('podium dump'))")
        if not cursor.fetchone()[0]:
            raise DumpRefused("Another dump is being written; wait until it is done.")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(hashtext('podium dump'))")


@contextmanager
def _snapshot() -> Iterator[None]:
    """All queries see the same moment, so that the tables fit together."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def _written(table: DumpTable, folder: Path, version: int) -> DumpFile:
    n_rows = 0

    def counted() -> Rows:
        nonlocal n_rows
        for row in table.rows():
            n_rows += 1
            yield row

    facts = {"title": table.name, "description": table.about, "data_version": str(version), "licence": LICENCE}
    name = f"{table.name}.parquet"
    digest = hashlib.sha256()
    n_bytes = 0
    with (folder / name).open("wb") as file:
        for chunk in parquet_chunks(table.columns, counted(), facts, table.rows_per_group):
            file.write(chunk)
            digest.update(chunk)
            n_bytes += len(chunk)
    return DumpFile(name, table.about, n_rows, n_bytes, digest.hexdigest())


def _remove(folders: Iterable[Path]) -> None:
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


def _manifest(files: Iterable[DumpFile], version: int, made_at: datetime) -> str:
    facts = {
        "data_version": version,
        "made_at": made_at.isoformat(),
        "licence": LICENCE,
        "files": [asdict(file) for file in files],
    }
    return json.dumps(facts, indent=2) + "\n"


def _readme(files: Iterable[DumpFile], version: int, made_at: datetime) -> str:
    rows = {file.name: file.n_rows for file in files}
    head = (
        f"# Podium, everything as Parquet\n\nMade {made_at:%Y-%m-%d %H:%M} UTC from data version {version}. All tables "
        "show the same moment. Scores are fractions; null is unknown or blank.\n\n"
        f"`{MANIFEST}` has the number of rows, the size and the SHA-256 of each file. Licence of the data: {LICENCE}.\n"
    )
    return head + "".join(_table_readme(table, rows[f"{table.name}.parquet"]) for table in TABLES)


def _table_readme(table: DumpTable, n_rows: int) -> str:
    columns = "".join(f"| `{column.name}` | {column.type} | {column.about} |\n" for column in table.columns)
    head = f"\n## {table.name}.parquet\n\n{table.about} {n_rows:,} rows.\n"
    return f"{head}\n| column | type | meaning |\n| --- | --- | --- |\n{columns}"
