"""Databases of the benchmark's own, on the server that the settings name."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, LiteralString
from urllib.parse import quote, urlencode

import psutil
import psycopg
from django.conf import settings
from django.db import connection
from psycopg import sql

from config.gunicorn import STOP_WITH_PARENT
from leaderboard.benchmarking.watching import BenchmarkFailed, failure

MANAGE = (sys.executable, str(settings.BASE_DIR / "manage.py"))


class BenchDatabase:
    """The measured database, and beside it one with nothing but schema and registry that it is made from.

    Both are dropped at the end.
    """

    def __init__(self, admin: psycopg.Connection[Any], log: Path) -> None:
        self.name = f"{connection.settings_dict['NAME']}_bench"
        self._empty = f"{self.name}_empty"
        self._admin = admin
        self._log = log

    def prepare(self) -> None:
        """Schema and registry. Raises BenchmarkFailed if another benchmark uses the databases."""
        try:
            for name in (self.name, self._empty):
                self._execute("DROP DATABASE IF EXISTS {}", name)
            self._execute("CREATE DATABASE {}", self._empty)
        except psycopg.errors.ObjectInUse:
            raise BenchmarkFailed(f"Another benchmark uses the database {self.name}: wait until it is done.") from None
        except psycopg.errors.InsufficientPrivilege:
            user = connection.settings_dict["USER"]
            raise BenchmarkFailed(f"{user} may not create databases: give that role CREATEDB.") from None
        for name in ("migrate", "sync_registry"):
            self._manage(name, name=self._empty, log=self._log)

    def renew(self) -> None:
        self._execute("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name)
        self._execute("CREATE DATABASE {} TEMPLATE {}", self.name, self._empty)

    def drop(self) -> None:
        for name in (self.name, self._empty):
            self._execute("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)

    def settle(self) -> None:
        """Let the server do now what it would do in the background during the next measurement."""
        with self._connection() as own:
            own.execute("VACUUM (ANALYZE)")
            with contextlib.suppress(psycopg.errors.InsufficientPrivilege):
                own.execute("CHECKPOINT")

    def fetch(self, query: LiteralString, *values: object) -> tuple[Any, ...]:
        """The first row of an answer."""
        with self._connection() as own:
            row: tuple[Any, ...] | None = own.execute(query, values).fetchone()
        if row is None:
            raise BenchmarkFailed(f"The database has no answer to: {query}")
        return row

    def fetch_all(self, query: LiteralString) -> list[tuple[Any, ...]]:
        with self._connection() as own:
            return own.execute(query).fetchall()

    def run_script(self, script: str) -> None:
        """Several statements, in one transaction."""
        with self._connection() as own, own.transaction():
            own.execute(script.encode())

    def manage(self, log: Path, *arguments: str) -> None:
        """A command of ours on the measured database."""
        self._manage(*arguments, name=self.name, log=log)

    def size(self) -> int:
        """Bytes on disk."""
        return int(self.fetch("SELECT pg_database_size(current_database())")[0])

    def environment(self) -> dict[str, str]:
        """For a program of ours that works on this database as a host would run it, but for https."""
        return self._environment(self.name)

    def postmaster(self) -> psutil.Process | None:
        """PostgreSQL's first process, if it is on this machine."""
        host = str(connection.settings_dict["HOST"])
        if host and not host.startswith("/") and host not in {"localhost", "127.0.0.1", "::1"}:
            return None
        with contextlib.suppress(psutil.Error):
            backend = psutil.Process(self._admin.info.backend_pid)
            return backend.parent() if backend.name().startswith("postgres") else None
        return None

    def server_version(self) -> str:
        row = self._admin.execute("SHOW server_version").fetchone()
        return str(row[0]).split()[0] if row else "unknown"

    def _execute(self, statement: LiteralString, *names: str) -> None:
        self._admin.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))

    def _connection(self) -> psycopg.Connection[Any]:
        return psycopg.connect(**{**_parameters(), "dbname": self.name}, autocommit=True)

    def _manage(self, *arguments: str, name: str, log: Path) -> None:
        command = [*MANAGE, *arguments]
        with log.open("wb") as output:
            done = subprocess.run(
                command,
                env=self._environment(name),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                check=False,
            )
        if done.returncode:
            raise failure(command, log)

    def _environment(self, name: str) -> dict[str, str]:
        return {
            **os.environ,
            "DATABASE_URL": _address(name),
            "PODIUM_ENV": "development",
            "PODIUM_DEBUG": "false",
            "PODIUM_ALLOWED_HOSTS": "127.0.0.1",
            STOP_WITH_PARENT: "1",
        }


@contextlib.contextmanager
def bench_database(log: Path) -> Iterator[BenchDatabase]:
    with psycopg.connect(**_parameters(), autocommit=True) as admin:
        database = BenchDatabase(admin, log)
        database.prepare()
        try:
            yield database
        finally:
            database.drop()


def _parameters() -> dict[str, Any]:
    wanted = {"dbname", "user", "password", "host", "port", "sslmode", "options"}
    return {key: value for key, value in connection.get_connection_params().items() if key in wanted}


def _address(name: str) -> str:
    values = connection.settings_dict
    password = f":{quote(values['PASSWORD'], safe='')}" if values["PASSWORD"] else ""
    port = f":{values['PORT']}" if values["PORT"] else ""
    options = {key: value for key, value in values["OPTIONS"].items() if isinstance(value, str)}
    address = f"postgresql://{quote(values['USER'])}{password}@{quote(str(values['HOST']), safe='')}{port}/{name}"
    return f"{address}?{urlencode(options, quote_via=quote)}" if options else address
