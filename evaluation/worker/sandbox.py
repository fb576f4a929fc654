"""Where code that comes with a model or a task runs: apart from the machine, with nothing in sight that is not its own.

bubblewrap gives it process, network and file namespaces of its own. Without bubblewrap a worker takes no run that
needs such code, unless its operator says that these models are trusted (PODIUM_REMOTE_CODE_UNCONFINED).
"""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

BUBBLEWRAP = "bubblewrap"
UNCONFINED = "unconfined"
UNCONFINED_VARIABLE = "PODIUM_REMOTE_CODE_UNCONFINED"

SYSTEM_FOLDERS = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/opt")
SYSTEM_FILES = (
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/alternatives",
    "/etc/ssl",
    "/etc/pki",
    "/etc/ca-certificates",
    "/etc/localtime",
    "/etc/nsswitch.conf",
    "/etc/passwd",
    "/etc/group",
    "/etc/mime.types",
    "/sys/devices/system/cpu",
)
SHARED_MEMORY = 2**30
DEVICES = ("/dev/nvidia*", "/dev/dri", "/dev/kfd")


@functools.cache
def sandbox_kind() -> str:
    """How this host isolates such code: `bubblewrap`, `unconfined` (not at all, by choice) or nothing."""
    if bubblewrap_works():
        return BUBBLEWRAP
    return UNCONFINED if os.environ.get(UNCONFINED_VARIABLE) == "1" else ""


@functools.cache
def bubblewrap_works() -> bool:
    """Whether the program is there and the kernel lets it make namespaces."""
    if (program := shutil.which("bwrap")) is None:
        return False
    trial = [program, "--unshare-all", "--die-with-parent", "--ro-bind", "/", "/", "--proc", "/proc", "true"]
    try:
        return subprocess.run(trial, capture_output=True, timeout=30, check=False).returncode == 0
    except (OSError, subprocess.SubprocessError):
        return False


def confined(command: Sequence[str], *, home: Path, code: Path, readable: Iterable[Path]) -> list[str]:
    """The command in a sandbox: `home` is all that it can write, the system, Python, `code` and `readable` all it sees.

    It has no network: what it may reach comes through a socket in its home.
    """
    shown = [Path(folder) for folder in (*SYSTEM_FOLDERS, *SYSTEM_FILES)]
    shown += [Path(sys.prefix), Path(sys.base_prefix), Path(sys.executable).resolve().parent.parent, code, *readable]
    bound = [part for path in dict.fromkeys(shown) if path.exists() for part in ("--ro-bind", str(path), str(path))]
    devices = [part for path in _devices() for part in ("--dev-bind", str(path), str(path))]
    return [
        "bwrap",
        *("--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL", "--hostname", "evaluation"),
        *("--tmpfs", "/", "--proc", "/proc", "--dev", "/dev"),
        *bound,
        *devices,
        *("--size", str(SHARED_MEMORY), "--tmpfs", "/dev/shm"),  # noqa: S108  Of the sandbox, not of the host.
        *("--bind", str(home), str(home), "--remount-ro", "/", "--remount-ro", "/dev", "--chdir", str(home)),
        "--",
        *command,
    ]


def _devices() -> list[Path]:
    return [path for pattern in DEVICES for path in sorted(Path("/").glob(pattern.lstrip("/")))]
