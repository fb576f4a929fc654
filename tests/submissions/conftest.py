"""The stand-in for the Hub: the project's local one, as a process of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from submissions.permissions import ROLES
from tests.factories_submissions import COMMIT, Files, make_role, model_files, write_files

HUB = Path(__file__).resolve().parents[3] / "shared" / "hub" / "serve.py"

StartHub = Callable[..., str]


@contextmanager
def serving(root: Path, faults: tuple[str, ...]) -> Iterator[str]:
    command = [sys.executable, str(HUB), "--root", str(root), "--port", "0"]
    for fault in faults:
        command += ["--fault", fault]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


@pytest.fixture
def start_hub(tmp_path: Path, settings: Settings) -> Iterator[StartHub]:
    """Starts a Hub with repositories {name: files} and faults, and points the settings at it."""
    if not HUB.is_file():
        pytest.skip(
            "The local Hub (shared/hub/serve.py beside the checkout) is not there, so its answers cannot be read."
        )
    with ExitStack() as stack:

        def start(repositories: dict[str, Files] | None = None, *, faults: tuple[str, ...] = ()) -> str:
            root = tmp_path / "hub"
            for name, files in (repositories or {"example/model": model_files()}).items():
                write_files(root / "models" / name / COMMIT, files)
            address: str = stack.enter_context(serving(root, faults))
            settings.HF_ENDPOINT = address
            return address

        yield start


@pytest.fixture
def hub(start_hub: StartHub) -> str:
    """A Hub with the sound model `example/model`."""
    return start_hub()


@pytest.fixture
def unreachable_hub(settings: Settings) -> None:
    settings.HF_ENDPOINT = "http://127.0.0.1:1"


@pytest.fixture(autouse=True)
def roles(request: pytest.FixtureRequest) -> None:
    """The roles that migrations make, where a test with real transactions emptied the database before."""
    if request.node.get_closest_marker("django_db"):
        request.getfixturevalue("db")
        for name in ROLES:
            make_role(name)
