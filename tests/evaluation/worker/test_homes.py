"""What evaluating processes leave on the disk when their worker is killed."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from evaluation.worker.homes import YOUNG_SECONDS, Home


@pytest.fixture(autouse=True)
def _folder_for_homes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


def killed_home(folder: Path) -> Path:
    """The home of a process that was killed while it held it."""
    script = (
        "import os, signal, tempfile\n"
        f"tempfile.tempdir = {str(folder)!r}\n"
        "from evaluation.worker.homes import Home\n"
        "home = Home()\n"
        "(home.path / 'hub').mkdir()\n"
        "(home.path / 'hub' / 'weights').write_text('private')\n"
        "print(home.path, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    return Path(done.stdout.strip())


def age(folder: Path) -> None:
    past = time.time() - YOUNG_SECONDS - 1
    os.utime(folder, (past, past))


def test_what_a_killed_worker_left_is_removed_by_the_next_process(tmp_path: Path) -> None:
    left = killed_home(tmp_path)
    assert (left / "hub" / "weights").exists()
    age(left)
    home = Home()
    assert not left.exists()
    home.remove()
    assert not home.path.exists()


def test_a_folder_that_is_held_or_young_stays(tmp_path: Path) -> None:
    held, young = Home(), killed_home(tmp_path)
    age(held.path)
    last = Home()
    assert held.path.exists()
    assert young.exists()
    for home in (held, last):
        home.remove()
