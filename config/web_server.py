"""How the pages are served: gunicorn, with the settings of config/gunicorn.py, on an address of this machine."""

from __future__ import annotations

import errno
import socket
import sys

from django.conf import settings


class PortError(Exception):
    """Why nothing can listen there, in one sentence."""


def gunicorn_command(*, host: str, port: int, workers: int) -> list[str]:
    """Started as a module: the scripts in .venv/bin stop working when the checkout is moved."""
    address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    return [
        *(sys.executable, "-m", "gunicorn", "config.wsgi", "--config", f"{settings.BASE_DIR}/config/gunicorn.py"),
        *("--chdir", str(settings.BASE_DIR), "--bind", address, "--workers", str(workers)),
    ]


def refuse_taken_port(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OverflowError:
            raise PortError(f"There is no port {port}: choose one up to 65535 with --port.") from None
        except OSError as problem:
            raise PortError(_sentence(problem, host, port)) from None


def answers(host: str, port: int) -> bool:
    """Whether something listens there."""
    try:
        socket.create_connection((host, port), timeout=1).close()
    except OSError:
        return False
    return True


def _sentence(problem: OSError, host: str, port: int) -> str:
    if problem.errno == errno.EADDRINUSE:
        return f"Port {port} is taken: choose another one with --port."
    if problem.errno == errno.EACCES:
        return f"Port {port} is reserved for root: choose one above 1023 with --port."
    return f"Nothing can listen on {host}: {problem.strerror}."
