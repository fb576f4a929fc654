"""Reads a model from a folder of this machine, for boards whose models never leave the house."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from evaluation.local_models import folder_revision
from submissions.hub import LARGEST_SMALL_FILE
from submissions.snapshot import ModelSnapshot, count_parameters, read_snapshot

LARGEST_HEADER = 100_000_000


class FolderUnreadable(Exception):
    """The message is a sentence for the person who named the folder."""


def read_model(name: str, folder: str, revision: str = "") -> ModelSnapshot:
    """The model in `folder`. Without a `revision` the hash of its content stands in the place of a commit."""
    root = Path(folder)
    if not root.is_absolute():
        raise FolderUnreadable("Give the folder's absolute path on the server.")
    if not root.is_dir():
        raise FolderUnreadable(f"There is no folder {folder} on the server.")
    try:
        return _read_model(name, root, revision)
    except OSError as error:
        raise FolderUnreadable(f"The folder {folder} cannot be read: {error.strerror}.") from error


def _read_model(name: str, root: Path, revision: str) -> ModelSnapshot:
    files = {path.relative_to(root).as_posix(): path.stat().st_size for path in root.rglob("*") if path.is_file()}
    snapshot = read_snapshot(
        name=name,
        requested_revision=revision,
        commit=revision or folder_revision(root),
        files=files,
        read=lambda path: _read_file(root / path),
    )
    return replace(snapshot, parameters=_parameters([root / path for path in snapshot.weight_paths]))


def _read_file(path: Path) -> bytes:
    if path.stat().st_size > LARGEST_SMALL_FILE:
        raise ValueError(f"{path.name} is larger than {LARGEST_SMALL_FILE} bytes.")
    return path.read_bytes()


def _parameters(paths: list[Path]) -> dict[str, int] | None:
    """Counted over all files, or None where one of them is no safetensors file."""
    counts: dict[str, int] = {}
    for path in paths:
        try:
            counted = count_parameters(_header(path))
        except (ValueError, KeyError, TypeError):
            return None
        for dtype, number in counted.items():
            counts[dtype] = counts.get(dtype, 0) + number
    return counts or None


def _header(path: Path) -> dict[str, Any]:
    """The JSON that opens a safetensors file: eight bytes of length, then the tensors by name."""
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if length > LARGEST_HEADER:
            raise ValueError(f"{path.name} is no safetensors file.")
        header = json.loads(file.read(length))
    if not isinstance(header, dict):
        raise ValueError(f"{path.name} is no safetensors file.")
    return header
