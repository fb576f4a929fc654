"""Where results can be imported from: a folder, an archive read as a stream, a git address.

All hand out the same thing: `RevisionFolder`s, each with every file of one `<model>/<revision>/`.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import subprocess
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import IO, Any, Protocol

import zstandard

from leaderboard.importing.tar_stream import TarError, regular_files

_BLOCK = 1 << 20
ARCHIVE_SUFFIXES = (".tar.zst", ".tar.gz", ".tgz", ".tar")
_GIT_PREFIXES = ("https://", "http://", "ssh://", "git@", "file://")
Progress = Callable[[int], None]


class SourceError(Exception):
    """The source cannot be read; the message says what to do."""


@dataclass(slots=True)
class RevisionFolder:
    """The files of one revision of one model; with an empty key, the files that lie in no revision folder.

    `files` maps a path within the source to its content, or to its place on disk.
    """

    key: str
    files: dict[str, bytes | str] = field(default_factory=dict)


class Source(Protocol):
    """What an import reads. `size` is in the unit that `folders` reports its progress in."""

    commit: str | None
    size: int

    def digest(self) -> bytes | None:
        """SHA-256 of the source as a whole, where that is cheap to know."""
        ...

    def folders(self, progress: Progress) -> Iterator[RevisionFolder]: ...


def open_source(location: str, workspace: Path) -> Source:
    """The source at a path or git address; clones go to `workspace`. Raises SourceError."""
    if location.startswith(_GIT_PREFIXES):
        return FolderSource(_clone(location, workspace))
    path = Path(location).expanduser()
    if not path.exists():
        raise SourceError(
            f"There is nothing at {location}. Give a folder, a .tar.zst or .tar.gz archive, or a git address."
        )
    if path.is_dir():
        return FolderSource(path)
    if path.name.endswith(ARCHIVE_SUFFIXES):
        return ArchiveSource(path)
    raise SourceError(f"{location} is neither a folder nor an archive ({', '.join(ARCHIVE_SUFFIXES)}).")


def _clone(address: str, workspace: Path) -> Path:
    """A shallow clone of the address, updated if it is there already."""
    folder = workspace / hashlib.sha256(address.encode()).hexdigest()[:16]
    if (folder / ".git").is_dir():
        _git(["-C", str(folder), "fetch", "--depth", "1", "origin", "HEAD"], address)
        _git(["-C", str(folder), "reset", "--hard", "FETCH_HEAD"], address)
    else:
        workspace.mkdir(parents=True, exist_ok=True)
        _git(["clone", "--depth", "1", address, str(folder)], address)
    return folder


def _git(arguments: list[str], address: str) -> str:
    environment = {**os.environ, "GIT_TERMINAL_PROMPT": "0"}
    try:
        done = subprocess.run(
            ["git", *arguments], env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
    except FileNotFoundError as error:
        raise SourceError("git is not installed: install it, or give a folder or an archive.") from error
    if done.returncode:
        reason = done.stderr.strip().rpartition("\n")[2]
        raise SourceError(f"git cannot read {address}: {reason}")
    return done.stdout.strip()


class FolderSource:
    """A results folder, or a checkout that has one. Progress counts files."""

    def __init__(self, path: Path) -> None:
        self.root = path / "results" if (path / "results").is_dir() else path
        self.commit = _commit_of(path)
        self._keys = sorted(
            f"{model.name}/{revision.name}"
            for model in _directories(self.root)
            for revision in _directories(Path(model.path))
        )
        if not self._keys:
            raise SourceError(f"{path} holds no results: expected <model>/<revision>/<Task>.json below it.")
        self.size = len(self._keys)

    def digest(self) -> bytes | None:
        return None

    def folders(self, progress: Progress) -> Iterator[RevisionFolder]:
        for key in self._keys:
            folder = RevisionFolder(key)
            for directory, _, names in os.walk(self.root / key):
                prefix = Path(directory).relative_to(self.root).as_posix()
                folder.files.update({f"{prefix}/{name}": f"{directory}/{name}" for name in sorted(names)})
            yield folder
            progress(1)
        yield RevisionFolder("", dict(self._strays()))

    def _strays(self) -> Iterator[tuple[str, str]]:
        for directory in (self.root, *(Path(model.path) for model in _directories(self.root))):
            for path in sorted(directory.iterdir()):
                if path.is_file() and not path.name.startswith("."):
                    yield path.relative_to(self.root).as_posix(), str(path)


def _directories(path: Path) -> list[os.DirEntry[str]]:
    try:
        return [entry for entry in os.scandir(path) if entry.is_dir() and not entry.name.startswith(".")]
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror}") from error


def _commit_of(path: Path) -> str | None:
    if not (path / ".git").exists():
        return None
    done = subprocess.run(["git", "-C", str(path), "rev-parse", "HEAD"], capture_output=True, text=True, check=False)
    return done.stdout.strip() or None


class ArchiveSource:
    """A tar archive, read once from front to end. Progress counts bytes of the archive file."""

    commit: str | None = None

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size = path.stat().st_size

    def digest(self) -> bytes | None:
        with self.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").digest()

    def folders(self, progress: Progress) -> Iterator[RevisionFolder]:
        seen: set[str] = set()
        strays = RevisionFolder("")
        try:
            for key, members in groupby(self._members(progress), key=lambda member: member[0]):
                if not key:
                    strays.files.update({path: content for _, path, content in members})
                    continue
                if key in seen:
                    raise SourceError(
                        f"{self.path.name} is not in folder order ({key} comes twice): unpack it and import the folder."
                    )
                seen.add(key)
                yield RevisionFolder(key, {path: content for _, path, content in members})
        except (TarError, zlib.error, zstandard.ZstdError, EOFError, OSError) as error:
            raise SourceError(f"{self.path.name} is damaged or no archive: {error}") from error
        if not seen:
            raise SourceError(f"{self.path.name} holds no results: expected results/<model>/<revision>/<Task>.json.")
        yield strays

    def _members(self, progress: Progress) -> Iterator[tuple[str, str, bytes]]:
        """(folder key, path within the source, content) of each file; the key is empty outside a revision folder."""
        with self._open(progress) as stream:
            for name, content in regular_files(stream):
                path = _below_results(name)
                model, _, below = path.partition("/")
                revision, within, _ = below.partition("/")
                if path:
                    yield f"{model}/{revision}" if within else "", path, content

    @contextmanager
    def _open(self, progress: Progress) -> Iterator[Any]:
        with self.path.open("rb") as raw:
            counted = io.BufferedReader(_Counted(raw, progress), buffer_size=_BLOCK)
            if self.path.name.endswith(".zst"):
                with zstandard.ZstdDecompressor().stream_reader(counted, read_size=_BLOCK) as stream:
                    yield stream
            elif self.path.name.endswith((".gz", ".tgz")):
                with gzip.GzipFile(fileobj=counted) as stream:
                    yield stream
            else:
                yield counted


def _below_results(name: str) -> str:
    """The path below the results folder, which may lie below a top folder of any name; empty for files beside it."""
    name = name.removeprefix("./")
    first, _, below = name.partition("/")
    if first == "results":
        return below
    second, _, deeper = below.partition("/")
    if second == "results":
        return deeper
    return name if deeper else ""


class _Counted(io.RawIOBase):
    """A file that reports how much was read of it."""

    def __init__(self, raw: IO[bytes], progress: Progress) -> None:
        self._raw = raw
        self._progress = progress

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._raw.read(len(buffer))
        buffer[: len(data)] = data
        self._progress(len(data))
        return len(data)
