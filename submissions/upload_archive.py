"""What somebody uploads, opened with care: single JSON files and zip archives, one file in memory at a time."""

from __future__ import annotations

import stat
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import IO

MAX_FILE_BYTES = 10 << 20
MAX_FILES = 2000
MAX_TOTAL_BYTES = 500 << 20
MAX_PATH = 400
RESULT_SUFFIX = ".json"
SETTINGS_FILE = "run_settings.jsonl"
# What computers leave in folders without being asked.
_LITTER_FOLDERS = frozenset({"__MACOSX"})
_LITTER_FILES = frozenset({".DS_Store", "Thumbs.db", "desktop.ini", SETTINGS_FILE})
_ENCRYPTED = 0x1
_UNREADABLE = (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, OSError, RuntimeError, ValueError)


@dataclass(frozen=True)
class Given:
    """A file of a form, in memory or on the disk."""

    name: str
    size: int
    stream: IO[bytes]


class Unreadable(ValueError):
    """The message is a sentence that says why, and what to do."""


@dataclass(frozen=True)
class Entry:
    """A file that may be a result. `read` gives its content, again each time, and raises Unreadable."""

    path: str
    read: Callable[[], bytes]


@dataclass(frozen=True)
class Refusal:
    path: str
    sentence: str


@dataclass
class Offer:
    entries: list[Entry] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)

    def refuse(self, path: str, sentence: str) -> None:
        self.refusals.append(Refusal(path, sentence))


def open_offer(files: Iterable[Given]) -> Offer:
    """Everything in the uploaded files; archives are looked into, and what cannot be taken is refused with words."""
    offer = Offer()
    for file in files:
        name = file.name
        if name.lower().endswith(".zip"):
            _open_zip(file, offer)
        elif not name.lower().endswith(RESULT_SUFFIX):
            offer.refuse(name, "This is neither a JSON file nor a zip. Upload result files as mteb writes them.")
        elif file.size > MAX_FILE_BYTES:
            offer.refuse(name, _too_large())
        else:
            offer.entries.append(Entry(name, _whole(file)))
    if len(offer.entries) > MAX_FILES:
        offer.refuse("", f"More than {MAX_FILES:,} files: upload them in several parts.")
        offer.entries.clear()
    return _without_twins(offer)


def _without_twins(offer: Offer) -> Offer:
    seen: set[str] = set()
    for entry in list(offer.entries):
        if entry.path in seen:
            offer.entries.remove(entry)
            offer.refuse(entry.path, "A file of this name comes twice. Leave one of them out.")
        seen.add(entry.path)
    return offer


def _whole(file: Given) -> Callable[[], bytes]:
    def read() -> bytes:
        file.stream.seek(0)
        return _bounded(file.stream)

    return read


def _open_zip(file: Given, offer: Offer) -> None:
    name = file.name
    try:
        archive = zipfile.ZipFile(file.stream)
        members = archive.infolist()
    except _UNREADABLE:
        offer.refuse(name, "This is no zip archive, or it is damaged. Make it again and check that it opens.")
        return
    if len(members) > MAX_FILES:
        offer.refuse(name, f"The archive holds more than {MAX_FILES:,} files: upload them in several parts.")
        return
    if sum(member.file_size for member in members) > MAX_TOTAL_BYTES:
        offer.refuse(
            name, f"Unpacked, the archive is larger than {MAX_TOTAL_BYTES >> 20} MiB: upload it in several parts."
        )
        return
    for member in members:
        if member.is_dir() or _is_litter(member.filename):
            continue
        if why := _why_not(member):
            offer.refuse(_shown(member.filename), why)
        else:
            offer.entries.append(Entry(member.filename, _member(archive, member)))


def _why_not(member: zipfile.ZipInfo) -> str:
    """Why a member is not taken; nothing where it is."""
    path = member.filename
    if not _is_safe(path):
        return "The path leads out of the archive or has characters that no file name should have. Pack it again."
    if stat.S_ISLNK(member.external_attr >> 16):
        return "This is a symbolic link. Pack the file itself."
    if member.flag_bits & _ENCRYPTED:
        return "It is encrypted. Make the archive without a password."
    if not path.lower().endswith(RESULT_SUFFIX):
        return "This is not a JSON file. Leave it out of the archive."
    return _too_large() if member.file_size > MAX_FILE_BYTES else ""


def _is_safe(path: str) -> bool:
    parts = path.split("/")
    return (
        len(path) <= MAX_PATH
        and path.isprintable()
        and "\\" not in path
        and ":" not in parts[0]
        and not {"", ".", ".."} & set(parts)
    )


def _is_litter(path: str) -> bool:
    *folders, name = path.split("/")
    return bool(_LITTER_FOLDERS & set(folders)) or name in _LITTER_FILES or name.startswith("._")


def _member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Callable[[], bytes]:
    def read() -> bytes:
        try:
            with archive.open(member) as stream:
                return _bounded(stream)
        except Unreadable:
            raise
        except _UNREADABLE as error:
            raise Unreadable("It cannot be unpacked: the archive is damaged. Make it again.") from error

    return read


def _bounded(stream: IO[bytes]) -> bytes:
    """The content, never more than the limit whatever the archive says of its size."""
    content = stream.read(MAX_FILE_BYTES + 1)
    if len(content) > MAX_FILE_BYTES:
        raise Unreadable(_too_large())
    return content


def _too_large() -> str:
    return f"It is larger than {MAX_FILE_BYTES >> 20} MiB, which no result needs. Leave it out."


def _shown(path: str) -> str:
    """A path that may hold anything, for a page."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in path)[
        :MAX_PATH
    ]


@dataclass(frozen=True)
class Place:
    """Where a file lies: its folder without that of the experiment, and the two names that speak of a model."""

    folder: str
    model_folder: str
    revision_folder: str
    experiment: str
    stem: str

    @property
    def own_folder(self) -> str:
        """With the folder of the experiment."""
        return f"{self.folder}/experiments/{self.experiment}" if self.experiment else self.folder


def place_of(path: str) -> Place:
    """`…/<org>__<name>/<revision>/[experiments/<variant>/]<Task>.json`, or a file anywhere else, without names."""
    *above, name = path.split("/")
    experiment = ""
    if len(above) >= 2 and above[-2] == "experiments":
        experiment = above[-1]
        above = above[:-2]
    named = len(above) >= 2 and "__" in above[-2]
    return Place(
        folder="/".join(above),
        model_folder=above[-2] if named else "",
        revision_folder=above[-1] if named else "",
        experiment=experiment,
        stem=name[: -len(RESULT_SUFFIX)],
    )


def by_folder(entries: Iterable[Entry]) -> Iterator[tuple[str, list[tuple[Entry, Place]]]]:
    """The files of each model revision, in the order in which their folders come."""
    folders: dict[str, list[tuple[Entry, Place]]] = {}
    for entry in entries:
        place = place_of(entry.path)
        folders.setdefault(place.folder, []).append((entry, place))
    yield from folders.items()
