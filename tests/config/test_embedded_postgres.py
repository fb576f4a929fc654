from __future__ import annotations

import contextlib
import os
import pwd
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from config.embedded_postgres import LONGEST_SOCKET_FOLDER, Server, ServerError

START_ONE = (
    "import sys, pathlib, config.embedded_postgres as e; print(e.Server(pathlib.Path(sys.argv[1])).ensure_running())"
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One cluster for the module: to make one takes a second."""
    server = Server(tmp_path_factory.mktemp("pg") / "it's a folder")
    yield server
    server.reset()


@pytest.fixture
def running(server: Server) -> Server:
    server.ensure_running()
    return server


def ask(server: Server, query: str) -> str:
    with psycopg.connect(server.url(), autocommit=True) as connection:
        row = connection.execute(query).fetchone()
        assert row
        return str(row[0])


def tell(server: Server, statement: str) -> None:
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute(statement)


def postmaster(server: Server) -> psutil.Process:
    pid = server.status().pid
    assert pid
    return psutil.Process(pid)


def test_making_a_server_object_touches_nothing(tmp_path: Path) -> None:
    server = Server(tmp_path / "pg")
    assert server.connection_settings()["HOST"] == str(tmp_path / "pg" / "socket")
    assert not server.stop()
    assert server.status().version is None
    assert not (tmp_path / "pg").exists()


def test_a_long_path_gets_a_short_socket_folder_of_its_own() -> None:
    folders = {Server(Path(f"/{'long/' * 30}{name}")).socket_folder for name in ("a", "b")}
    assert len(folders) == 2
    assert all(len(os.fsencode(folder)) <= LONGEST_SOCKET_FOLDER for folder in folders)


def test_the_server_is_started_once_and_then_joined(server: Server) -> None:
    assert server.ensure_running()
    assert not server.ensure_running()
    assert ask(server, "SELECT current_database()") == "podium"
    assert ask(server, "SHOW fsync") == "on"
    assert server.status().pid


def test_only_the_owner_reaches_the_socket(running: Server) -> None:
    assert running.socket_folder.stat().st_mode & 0o777 == 0o700
    assert ask(running, "SHOW listen_addresses") == ""


def test_data_survive_a_stop(running: Server) -> None:
    tell(running, "CREATE TABLE kept AS SELECT 42 AS answer")
    assert running.stop()
    assert not running.stop()
    assert running.status().pid is None
    running.ensure_running()
    assert ask(running, "SELECT answer FROM kept") == "42"


def test_many_who_start_at_once_get_one_server(server: Server) -> None:
    server.stop()
    command = [sys.executable, "-c", START_ONE, str(server.root)]
    starters = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    answers = sorted(starter.communicate()[0].strip() for starter in starters)
    assert answers == ["False", "False", "False", "True"]


def test_a_killed_server_is_started_again_without_loss(running: Server) -> None:
    tell(running, "CREATE TABLE survivor AS SELECT 7 AS answer")
    with contextlib.closing(psycopg.connect(running.url())) as busy:
        busy.execute("SELECT 1")
        postmaster(running).send_signal(signal.SIGKILL)
        assert running.ensure_running()
    assert ask(running, "SELECT answer FROM survivor") == "7"


def test_a_pid_file_that_names_a_stranger_is_not_believed(server: Server) -> None:
    server.stop()
    stranger = subprocess.Popen(["sleep", "60"])
    try:
        (server.data / "postmaster.pid").write_text(f"{stranger.pid}\n{server.data}\n")
        (server.socket_folder / ".s.PGSQL.5432.lock").write_text(f"{stranger.pid}\n")
        assert server.status().pid is None
        assert not server.stop()
        assert server.ensure_running()
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_half_made_data_folder_is_made_again(tmp_path: Path) -> None:
    server = Server(tmp_path / "pg")
    for folder in ("data", "data.unfinished"):
        (tmp_path / "pg" / folder).mkdir(parents=True)
        (tmp_path / "pg" / folder / "postgresql.conf").touch()
    try:
        assert server.ensure_running()
    finally:
        server.reset()
    assert not server.data.exists()


def test_data_of_another_version_are_left_alone_with_a_plain_sentence(server: Server) -> None:
    server.ensure_running()
    server.stop()
    marker = server.data / "PG_VERSION"
    version = marker.read_text()
    marker.write_text("12\n")
    try:
        with pytest.raises(ServerError, match=r"made by PostgreSQL 12 and the installed one is \d+: dump it"):
            server.ensure_running()
    finally:
        marker.write_text(version)
    assert server.ensure_running()


def test_missing_programs_are_a_plain_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PG_BINDIR", str(tmp_path))
    with pytest.raises(ServerError, match="There is no PostgreSQL in"):
        Server(tmp_path / "pg").ensure_running()


def test_a_server_that_cannot_start_says_why(server: Server) -> None:
    server.ensure_running()
    server.stop()
    control = server.data / "global" / "pg_control"
    aside = control.rename(control.with_suffix(".aside"))
    try:
        with pytest.raises(ServerError, match=r"did not start: .*could not find the database system"):
            server.ensure_running()
    finally:
        aside.rename(control)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to become somebody else")
def test_root_without_user_namespaces_hands_the_files_to_an_ordinary_user(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parents = [(parent, parent.stat().st_mode) for parent in server.root.parents]
    server.stop()
    refusing = tmp_path / "unshare"
    refusing.write_text("#!/bin/sh\nexit 1\n")
    refusing.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert server.ensure_running()
    owner = pwd.getpwuid(server.data.stat().st_uid)
    assert owner.pw_uid != 0
    assert postmaster(server).uids().effective == owner.pw_uid
    assert ask(server, "SELECT 1") == "1"
    assert [(parent, parent.stat().st_mode) for parent in server.root.parents] == parents
    server.stop()
    monkeypatch.undo()
    assert server.ensure_running()
    assert ask(server, "SELECT 1") == "1"


def test_a_stopping_server_closes_the_connections_it_has(running: Server) -> None:
    with contextlib.closing(psycopg.connect(running.url())) as idle:
        begin = time.monotonic()
        assert running.stop()
        assert time.monotonic() - begin < 10
        with pytest.raises(psycopg.OperationalError):
            idle.execute("SELECT 1")
