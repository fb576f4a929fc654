"""Background work, as django-q2 calls it."""

from __future__ import annotations

import subprocess
import sys
import threading

from django.conf import settings

from leaderboard.exports.dump import dumps_folder, latest_dump
from leaderboard.selectors.versions import data_version


def write_dump() -> bool:
    """Start to write the dump, unless the newest one is of the same data; says whether it did.

    In a process of its own: a worker that is busy for a minute counts as dead, and would keep the memory.
    """
    newest = latest_dump(dumps_folder())
    if newest and newest.data_version == data_version():
        return False
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "dump"]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
    threading.Thread(target=process.wait, daemon=True).start()
    return True
