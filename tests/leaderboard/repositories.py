"""Small results repositories on disk, in the official layout."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import zstandard


def result(task: str, *scores: float | None, subsets: Sequence[str] = (), **fields: Any) -> dict[str, Any]:
    """The content of a result file with one split; without names the only subset is the default one."""
    names = subsets or ["default"] * len(scores)
    entries = [
        {"main_score": score, "hf_subset": subset, "languages": ["eng-Latn"], "metric": score}
        for subset, score in zip(names, scores, strict=True)
    ]
    body = {"task_name": task, "dataset_revision": "d1", "mteb_version": "2.0.0", "scores": {"test": entries}}
    return {**body, **fields}


def write_repository(root: Path, folders: Mapping[str, Mapping[str, Any]]) -> Path:
    """`folders` maps "<model>/<revision>" to file name -> content; plain text is written as it is."""
    for folder, files in folders.items():
        for name, content in files.items():
            path = root / "results" / folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content if isinstance(content, str) else json.dumps(content))
    return root


def pack(root: Path, archive: Path, top: str = "results") -> Path:
    """The repository as a tar archive, compressed as the name says."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as tar:
        tar.add(root / "results", arcname=top)
    compress = zstandard.compress if archive.name.endswith(".zst") else gzip.compress
    archive.write_bytes(compress(plain.getvalue()))
    return archive
