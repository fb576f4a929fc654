"""Unpacking an uploaded zip of a custom task or benchmark, and keeping folders by the hash of their content.

Nothing here knows Django. An archive is a stranger's: only small regular files with names that we read are taken out.
"""

from __future__ import annotations

import stat
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import IO

from evaluation.custom.data_files import SUFFIXES
from evaluation.custom.tasks import METRIC_FILE, CustomTaskError
from evaluation.local_models import folder_revision

LARGEST_ARCHIVE = 50 * 1024**2
LARGEST_UNPACKED = 200 * 1024**2
MOST_FILES = 500
DEEPEST = 4
LONGEST_NAME = 200
CHUNK = 1 << 20
TAIL = 66_000
"""The end of an archive, in which the size of its directory stands."""
LARGEST_DIRECTORY = MOST_FILES * 400
DESCRIPTIONS = ("benchmark.toml", "task.toml")
JUNK = {"__MACOSX", ".DS_Store", "Thumbs.db"}


@contextmanager
def new_folder(store: Path) -> Iterator[Path]:
    """An empty folder on the disk of the store, gone at the end unless it was kept."""
    store.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=store, prefix=".new-", ignore_cleanup_errors=True) as scratch:
        folder = Path(scratch) / "dataset"
        folder.mkdir()
        yield folder


def keep_folder(folder: Path, store: Path) -> tuple[str, Path]:
    """The hash of its content and where it lies now. The same content is kept once, and nothing there ever changes."""
    content = folder_revision(folder)
    kept = store / content
    if not kept.exists():
        with suppress(FileExistsError):  # Somebody kept the same content a moment ago.
            folder.rename(kept)
    return content, kept


def unpack(archive: IO[bytes], folder: Path) -> None:
    """Raises CustomTaskError with all that is wrong with the archive. A folder around everything is taken off."""
    try:
        _check_directory(archive)
        with zipfile.ZipFile(archive) as opened:
            members = _members(opened)
            left = LARGEST_UNPACKED
            for member, path in members:
                left -= _write(opened, member, folder / path, left)
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, FileExistsError, NotADirectoryError):
        raise CustomTaskError(["The file is not a zip archive that can be read; make it anew."]) from None


def _check_directory(archive: IO[bytes]) -> None:
    """Before Python makes an object of each entry: a small archive can name a million files."""
    archive.seek(0, 2)
    archive.seek(max(archive.tell() - TAIL, 0))
    tail = archive.read(TAIL)
    end = tail.rfind(b"PK\x05\x06")
    if end < 0 or len(tail) < end + 16:
        raise zipfile.BadZipFile
    if int.from_bytes(tail[end + 12 : end + 16], "little") > LARGEST_DIRECTORY:
        raise CustomTaskError([f"The archive has more than {MOST_FILES} files."])
    archive.seek(0)


def _members(archive: zipfile.ZipFile) -> list[tuple[zipfile.ZipInfo, PurePosixPath]]:
    infos = [info for info in archive.infolist() if not info.is_dir()]
    if len(infos) > MOST_FILES:
        raise CustomTaskError([f"The archive has more than {MOST_FILES} files."])
    wanted = [(info, PurePosixPath(info.filename)) for info in infos if not JUNK & set(info.filename.split("/"))]
    if sentences := [sentence for info, path in wanted if (sentence := _complaint(info, path))]:
        raise CustomTaskError(sentences)
    if sum(info.file_size for info, _ in wanted) > LARGEST_UNPACKED:
        raise CustomTaskError([f"The archive unpacks to more than {LARGEST_UNPACKED // 1024**2} MB."])
    tops = {path.parts[0] for _, path in wanted}
    if len(tops) == 1 and all(len(path.parts) > 1 for _, path in wanted):
        wanted = [(info, PurePosixPath(*path.parts[1:])) for info, path in wanted]
    names = [path.as_posix().lower() for _, path in wanted]
    if len(set(names)) < len(names):
        raise CustomTaskError(["The archive has two files with the same name; keep one of them."])
    if not any(name in DESCRIPTIONS for name in names):
        raise CustomTaskError(["There is no benchmark.toml or task.toml at the top of the archive."])
    return wanted


def _complaint(info: zipfile.ZipInfo, path: PurePosixPath) -> str:
    shown = ascii(info.filename)[1:-1][:120]
    kind = stat.S_IFMT(info.external_attr >> 16)
    if path.is_absolute() or ".." in path.parts or "\\" in info.filename or ":" in info.filename:
        return f"{shown}: the path leads out of the archive."
    if kind not in (0, stat.S_IFREG):
        return f"{shown}: only ordinary files are taken, no links or devices."
    if info.flag_bits & 1:
        return f"{shown}: the file is encrypted; make an archive without a password."
    if len(info.filename) > LONGEST_NAME or not info.filename.isprintable():
        return f"{shown}: the name is too long or has control characters."
    if len(path.parts) > DEEPEST:
        return f"{shown}: the folders are nested too deeply."
    if path.suffix not in SUFFIXES and path.name not in (*DESCRIPTIONS, METRIC_FILE):
        kinds = ", ".join((*SUFFIXES, *DESCRIPTIONS, METRIC_FILE))
        return f"{shown}: leave this file out; an archive may hold {kinds}."
    return ""


def _write(archive: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path, left: int) -> int:
    """The bytes written. What the archive says about its sizes may be wrong, so they are counted."""
    target.parent.mkdir(parents=True, exist_ok=True)
    written = 0
    with archive.open(member) as packed, target.open("xb") as file:
        while chunk := packed.read(CHUNK):
            written += len(chunk)
            if written > left:
                raise CustomTaskError([f"The archive unpacks to more than {LARGEST_UNPACKED // 1024**2} MB."])
            file.write(chunk)
    return written
