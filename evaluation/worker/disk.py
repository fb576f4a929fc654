"""Room on the disks of a worker's host: whether there is enough to begin, and making some in the cache of the Hub.

No Django here.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Collection, Mapping
from pathlib import Path

from evaluation.worker.locks import take_lock

MEBIBYTE = 2**20
UNTOUCHED_SECONDS = 2 * 24 * 3600
"""What was read this lately stays: file systems tell when a file was last read to a day only."""

LOCK = ".podium-pruning"


def hub_cache(environment: Mapping[str, str], default_home: Path) -> Path:
    """Where evaluating processes keep what they download from the Hub, by the variables that they are given."""
    home = Path(environment.get("HF_HOME") or default_home)
    return Path(environment.get("HF_HUB_CACHE") or home / "hub")


def lack_of_room(folders: Mapping[str, Path], least_mb: int) -> str:
    """Words for everybody if the disk of one of the folders has less free than that (MiB), else nothing.

    `folders` are by what lies in them: readers of the board need not know where that is.
    """
    for what, folder in folders.items():
        free_mb = shutil.disk_usage(_that_exists(folder)).free // MEBIBYTE
        if free_mb < least_mb:
            return (
                f"Its disk for {what} has {free_mb:,} MiB free, and an evaluation wants {least_mb:,} "
                "(PODIUM_FREE_DISK_MB)."
            )
    return ""


def _that_exists(folder: Path) -> Path:
    return next(place for place in (folder, *folder.parents) if place.exists())


def prune(cache: Path, most_mb: int, *, in_use: Collection[str]) -> list[str]:
    """Delete models and datasets, those that nobody used for longest first, until the cache is no larger (MiB).

    Says which. Those named in `in_use` stay, and what was used in the last two days. Of several that prune at the same
    time one does.
    """
    from huggingface_hub import CacheNotFound, scan_cache_dir

    if not cache.is_dir() or (lock := take_lock(os.open(cache / LOCK, os.O_RDWR | os.O_CREAT, 0o600))) is None:
        return []
    try:
        found = scan_cache_dir(cache)
        kept = {name.lower() for name in in_use}
        excess, chosen = found.size_on_disk - most_mb * MEBIBYTE, []
        for repo in sorted(found.repos, key=lambda one: one.last_accessed):
            if excess <= 0 or time.time() - repo.last_accessed < UNTOUCHED_SECONDS:
                break
            if repo.repo_id.lower() not in kept:
                chosen.append(repo)
                excess -= repo.size_on_disk
        for repo in chosen:
            # Not by huggingface_hub's delete_revisions: it goes by commits, which copies of a repository share.
            shutil.rmtree(repo.repo_path, ignore_errors=True)
        return [f"{repo.repo_type} {repo.repo_id} ({repo.size_on_disk // MEBIBYTE:,} MiB)" for repo in chosen]
    except CacheNotFound:
        return []
    finally:
        os.close(lock)
