"""What the numbers of an evaluation may depend on: code, packages, hardware, threads, seed, prompts.

Imported only in the process that evaluates.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import platform
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

from evaluation.evaluator.measuring import peak_host_mb

SEED = 42
VERSIONED = ("mteb", "torch", "transformers", "sentence-transformers", "datasets", "huggingface_hub", "numpy")
DRIVER = Path("/proc/driver/nvidia/version")


def environment(model: Any = None) -> dict[str, Any]:
    """Of an attempt; `model` is what mteb loaded, if it came that far. `packages` is what `pip freeze` would say."""
    packages = installed_packages()
    return {
        "versions": {name: _version(name) for name in VERSIONED},
        "packages": packages,
        "packages_digest": digest_of(packages),
        "code": code_revision(),
        "python": platform.python_version(),
        "platform": platform.platform(),
        **_hardware(),
        "seed": SEED,
        "prompts": prompts_of(model),
        "peak_memory_mb": round(peak_host_mb()),
    }


@cache
def installed_packages() -> str:
    """One `name==version` per line, sorted: the form that `pip install -r` reads."""
    found = {
        distribution.metadata["Name"]: distribution.version
        for distribution in importlib.metadata.distributions()
        if distribution.metadata["Name"]
    }
    return "".join(f"{name}=={found[name]}\n" for name in sorted(found, key=str.lower))


def digest_of(packages: str) -> str:
    return hashlib.sha256(packages.encode()).hexdigest()


@cache
def code_revision() -> str | None:
    """The commit of this installation; None where it was not installed with git."""
    try:
        process = subprocess.run(
            ["git", "rev-parse", "HEAD"],
            cwd=Path(__file__).parent,
            capture_output=True,
            text=True,
            check=True,
            timeout=10,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return process.stdout.strip()


def prompts_of(model: Any) -> dict[str, str]:
    """The prompts that the loaded model puts before texts, by mteb's names of tasks, task types and sides."""
    prompts = getattr(model, "prompts_dict", None) or getattr(model, "model_prompts", None) or {}
    return {str(name): str(text) for name, text in dict(prompts).items() if text}


def processor() -> str:
    information = Path("/proc/cpuinfo")
    names = (
        [line for line in information.read_text().splitlines() if "model name" in line] if information.exists() else []
    )
    name = names[0].partition(":")[2].strip() if names else platform.processor() or platform.machine()
    return f"{name}, {os.cpu_count()} cores"


def _hardware() -> dict[str, Any]:
    """The accelerator too, unless the attempt failed before torch was needed."""
    if "torch" not in sys.modules:
        return {"hardware": processor()}
    import torch

    cuda = torch.cuda.is_available()
    return {
        "hardware": torch.cuda.get_device_name() if cuda else processor(),
        "cuda": torch.version.cuda if cuda else None,
        "driver": DRIVER.read_text().splitlines()[0] if cuda and DRIVER.exists() else None,
        "threads": torch.get_num_threads(),
    }


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None
