"""What an evaluating process may take of its host, and who sees to it. No Django here.

The kernel holds each process to `apply`; what counts over all of them (memory, processes, disk) a `Watch` of the worker
looks at several times a second, since the kernel counts processes per user, and not at all for root.
"""

from __future__ import annotations

import contextlib
import os
import resource
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from evaluation.failures import Failure, FailureClass, too_much

DISK_SECONDS = 2.0
MEBIBYTE = 2**20


@dataclass(frozen=True)
class Limits:
    """Of one evaluating process with all that it starts. Sizes in MiB."""

    memory_mb: int
    processes: int
    disk_mb: int
    file_mb: int

    has_accelerator: bool = False

    def for_process(self) -> dict[str, int | bool]:
        """The arguments of `apply` that do not depend on where the process runs."""
        return {
            "memory_mb": self.memory_mb,
            "processes": self.processes,
            "file_mb": self.file_mb,
            "has_accelerator": self.has_accelerator,
        }


def apply(*, memory_mb: int, processes: int, file_mb: int, has_accelerator: bool, is_confined: bool) -> None:
    """Limit this process and its children for good.

    Drivers of accelerators reserve addresses without end, so data are limited only without one. Processes are counted
    per user and namespace: outside of a sandbox others of the same user would count, too.
    """
    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_FSIZE, file_mb * MEBIBYTE)
    if sys.platform == "linux" and not has_accelerator:
        _lower(resource.RLIMIT_DATA, memory_mb * MEBIBYTE)
    if is_confined:
        _lower(resource.RLIMIT_NPROC, processes)


def _lower(kind: int, value: int) -> None:
    _, hard = resource.getrlimit(kind)
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(kind, (value, value))


class Watch:
    """Looks after an evaluating process from outside. `home` is the only folder that it fills."""

    def __init__(self, pid: int, home: Path, limits: Limits) -> None:
        self._root = psutil.Process(pid)
        self._home = home
        self._limits = limits
        self._seen: set[psutil.Process] = {self._root}
        self._next_disk = time.monotonic() + DISK_SECONDS

    def look(self) -> Failure | None:
        """What it takes too much of, if anything. No failure says so while it ends."""
        try:
            processes = [self._root, *self._root.children(recursive=True)]
        except psutil.NoSuchProcess:
            return None
        self._seen.update(processes)
        if len(processes) > self._limits.processes:
            return too_much(f"started more than {self._limits.processes:,} processes")
        if hold_more_than(self._limits.memory_mb, processes):
            return Failure(
                FailureClass.MEMORY,
                f"The evaluation took more than the {self._limits.memory_mb:,} MiB that it has here.",
            )
        if time.monotonic() > self._next_disk:
            self._next_disk = time.monotonic() + DISK_SECONDS
            if disk_mb(self._home) > self._limits.disk_mb:
                return too_much(f"wrote more than {self._limits.disk_mb:,} MiB of files")
        return None

    def kill_stragglers(self) -> None:
        """Whatever was seen and lives on in a group of its own, with its children."""
        for process in self._seen:
            with contextlib.suppress(psutil.NoSuchProcess):
                for one in (*process.children(recursive=True), process):
                    with contextlib.suppress(psutil.NoSuchProcess):
                        one.kill()


def hold_more_than(limit_mb: int, processes: list[psutil.Process]) -> bool:
    """Whether they hold more (MiB) together. Pages that several of them share count once, where the system tells.

    To count shared pages once the system walks through all pages, so that is done only where counting them for each
    process gives too much.
    """
    resident = sum(_held(processes, lambda process: process.memory_info().rss))
    if resident <= limit_mb * MEBIBYTE or len(processes) == 1:
        return resident > limit_mb * MEBIBYTE
    return sum(_held(processes, _share)) > limit_mb * MEBIBYTE


def _share(process: psutil.Process) -> int:
    memory = process.memory_full_info()
    return int(getattr(memory, "pss", memory.rss))


def _held(processes: list[psutil.Process], of: Callable[[psutil.Process], int]) -> Iterator[int]:
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            yield of(process)


def disk_mb(folder: Path) -> int:
    """What the files below the folder take on the disk (MiB). Files that vanish meanwhile do not matter."""
    blocks, left = 0, [folder]
    while left:
        with contextlib.suppress(OSError), os.scandir(left.pop()) as entries:
            for entry in entries:
                with contextlib.suppress(OSError):
                    blocks += entry.stat(follow_symlinks=False).st_blocks
                    if entry.is_dir(follow_symlinks=False):
                        left.append(Path(entry.path))
    return int(blocks * 512 / MEBIBYTE)
