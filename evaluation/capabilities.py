"""What a worker can do, and what a model asks of it. No Django here."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import psutil

from evaluation.worker.sandbox import sandbox_kind

WEIGHTS_TO_MEMORY = 1.5
"""Activations, tokenised texts and libraries come on top of the weights."""


@dataclass(frozen=True)
class Capabilities:
    """`memory_mb` is what one unit may have: of the device where there is one, else of the host (MiB)."""

    device: str
    device_name: str
    memory_mb: int
    cores: int
    labels: list[str]
    sandbox: str


def memory_needed_mb(weights_mb: float | None) -> int | None:
    """What to ask of a worker for a model whose weights take this much (MiB); None where that is not known."""
    return None if weights_mb is None else round(weights_mb * WEIGHTS_TO_MEMORY)


def detect(*, labels: Sequence[str], units_at_once: int, surroundings: Mapping[str, str] = os.environ) -> Capabilities:
    """What this host offers to each of the units that it evaluates at once."""
    device, name, memory = _accelerator(surroundings)
    return Capabilities(
        device=device,
        device_name=name,
        memory_mb=memory // max(units_at_once, 1) if memory else default_memory_mb(units_at_once),
        cores=os.cpu_count() or 1,
        labels=sorted(set(labels)),
        sandbox=sandbox_kind(),
    )


def default_memory_mb(units_at_once: int) -> int:
    """What each evaluating process may take of the host's memory (MiB), leaving a tenth to everything else."""
    return host_memory_mb() * 9 // 10 // max(units_at_once, 1)


def host_memory_mb() -> int:
    return int(psutil.virtual_memory().total // 2**20)


def _accelerator(surroundings: Mapping[str, str]) -> tuple[str, str, int | None]:
    """Device, its name, its memory in MiB. Asked of the driver, so that no process has to load torch for it."""
    if sys.platform == "darwin" and platform.machine() == "arm64":
        return "mps", "Apple GPU", None
    visible = surroundings.get("CUDA_VISIBLE_DEVICES")
    if visible in {"", "-1"} or (program := shutil.which("nvidia-smi", path=surroundings.get("PATH"))) is None:
        return "cpu", "", None
    chosen = [f"--id={visible}"] if visible else []
    query = [program, *chosen, "--query-gpu=name,memory.total", "--format=csv,noheader,nounits"]
    try:
        answer = subprocess.run(query, capture_output=True, text=True, timeout=30, check=True).stdout
        name, memory = answer.splitlines()[0].rsplit(",", 1)
        return "cuda", name.strip(), int(memory)
    except (OSError, subprocess.SubprocessError, ValueError, IndexError):
        return "cpu", "", None
