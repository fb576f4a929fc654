"""Settings of gunicorn; `--config config/gunicorn.py` reads them."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path
from typing import Any

worker_class = "gthread"
workers = 2
threads = 4
timeout = 60
graceful_timeout = 5
loglevel = "warning"
control_socket_disable = True
# Workers leave their signs of life in memory where they can; a slow disk would stall them.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108

# The bootstrap has threads of its own, and those of NumPy's BLAS would stand in their way.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# Set by who starts the server as a part of something larger, and cannot stop it once killed.
STOP_WITH_PARENT = "PODIUM_STOP_WITH_PARENT"


def when_ready(server: Any) -> None:
    if STOP_WITH_PARENT in os.environ:
        threading.Thread(target=_stop_with_parent, args=(os.getppid(),), daemon=True).start()


def _stop_with_parent(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1)
    os.kill(os.getpid(), signal.SIGTERM)
