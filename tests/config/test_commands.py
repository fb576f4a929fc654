from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from config.database import pending_migrations, unknown_migrations


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def manage(*arguments: str, **surroundings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=settings.BASE_DIR,
        env={**os.environ, **surroundings},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_database_that_does_not_answer_is_one_sentence() -> None:
    done = manage("showmigrations", DATABASE_URL="postgresql://nobody@127.0.0.1:1/nothing")
    assert done.returncode == 1
    assert done.stderr.startswith("The database does not work: ")
    assert done.stderr.count("\n") == 1


def test_production_without_its_variables_is_one_sentence() -> None:
    done = manage("check", PODIUM_ENV="production", PODIUM_SECRET_KEY="")
    assert done.returncode == 1
    assert done.stderr == "Set PODIUM_SECRET_KEY: with PODIUM_ENV=production there is no default for it.\n"


@pytest.mark.parametrize("arguments", [("pg", "url"), ("pg", "status"), ("migrate", "--help"), ("--version",)])
def test_asking_for_help_starts_no_server(arguments: tuple[str, ...], tmp_path: Path) -> None:
    done = manage(*arguments, DATABASE_URL="", PODIUM_DATA_DIR=str(tmp_path / "data"))
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "data").exists()


def test_reset_wants_a_confirmation(tmp_path: Path) -> None:
    done = manage("pg", "reset", DATABASE_URL="", PODIUM_DATA_DIR=str(tmp_path / "data"))
    assert done.returncode == 1
    assert done.stderr.strip() == "CommandError: This deletes all data: add --yes to confirm."


@pytest.mark.django_db
def test_a_database_of_a_newer_podium_is_not_served() -> None:
    assert pending_migrations() == unknown_migrations() == []
    MigrationRecorder(connection).record_applied("leaderboard", "9999_from_the_future")
    with pytest.raises(CommandError, match=r"newer Podium \(it has leaderboard\.9999_from_the_future\): update"):
        call_command("serve")


@pytest.mark.django_db
def test_a_database_that_lacks_migrations_is_not_served() -> None:
    MigrationRecorder(connection).record_unapplied("leaderboard", "0001_facts")
    with pytest.raises(CommandError, match="lacks migrations of this version: run"):
        call_command("serve")


@pytest.mark.django_db
def test_a_taken_port_names_the_option(taken_port: int) -> None:
    with pytest.raises(CommandError, match=f"Port {taken_port} is taken: choose another one with --port"):
        call_command("serve", port=taken_port)


def test_the_demo_looks_at_the_port_before_it_does_anything(taken_port: int) -> None:
    with pytest.raises(CommandError, match=f"Port {taken_port} is taken"):
        call_command("demo", port=taken_port)
