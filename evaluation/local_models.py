"""Models in a local folder, for private boards. Neither Django nor torch here."""

from __future__ import annotations

import hashlib
from pathlib import Path

IGNORED_SUFFIXES = {".md", ".lock", ".png", ".jpg"}


def is_model_folder(folder: Path) -> bool:
    """Whether sentence-transformers could load it: it has a list of modules or a transformers configuration."""
    return (folder / "modules.json").is_file() or (folder / "config.json").is_file()


def folder_revision(folder: Path) -> str:
    """40 hex digits that change whenever a configuration, tokenizer or weights file of the folder does."""
    digest = hashlib.sha256()
    for path in sorted(_relevant_files(folder)):
        name = path.relative_to(folder).as_posix()
        with path.open("rb") as file:
            content = hashlib.file_digest(file, "sha256").hexdigest()
        digest.update(f"{name}\0{content}\n".encode())
    return digest.hexdigest()[:40]


def _relevant_files(folder: Path) -> list[Path]:
    return [
        path
        for path in folder.rglob("*")
        if path.is_file()
        and path.suffix not in IGNORED_SUFFIXES
        and not any(part.startswith(".") or part == "__pycache__" for part in path.relative_to(folder).parts)
    ]
