"""Shows Podium at work: from an empty folder to a board on which two models have a rank."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from io import StringIO
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from config.database import embedded_server, ensure_database, pending_migrations, refuse_newer_schema
from config.gunicorn import STOP_WITH_PARENT
from config.processes import ProgramEnded, Programs
from config.web_server import PortError, answers, gunicorn_command, refuse_taken_port
from evaluation.custom.benchmarks import read_benchmark_folder
from evaluation.demo_models import DemoModelError, ensure_demo_models
from evaluation.models import EvaluationRun, EvaluationUnit
from evaluation.selectors.runs import run_progress, run_units
from leaderboard.models import Benchmark, ImportRun, Origin, SourceKind
from submissions.demo import MODERATOR, SUBMITTER, DemoNotes, ensure_account, ensure_evaluated, shown_password
from submissions.services.errors import SubmissionError

HOST = "127.0.0.1"
OFFICIAL_RESULTS = "https://github.com/embeddings-benchmark/results"
STARTER = settings.BASE_DIR / "evaluation" / "starter"
REGISTRY_CODE = ("registry_dump.py", "services/registry.py")


class Command(BaseCommand):
    help = "Sets up the board, evaluates the bundled models from submission to rank, and serves it all until Ctrl-C."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--results",
            metavar="PATH|URL|none",
            help="a folder, a .tar.zst or .tar.gz archive, or a git address (default: the official results repository)",
        )
        parser.add_argument("--once", action="store_true", help="stop after printing the ranking")
        parser.add_argument("--port", type=int, default=8000, help="where to serve (default %(default)s)")

    def handle(self, *args: Any, results: str | None, once: bool, port: int, **options: Any) -> None:
        self.console = Console(file=sys.stderr)
        if not once:
            self._refuse_taken_port(port)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, _interrupt)
        serving = False
        started = False
        try:
            with self._step("PostgreSQL"):
                started = ensure_database()
            notes = DemoNotes.read(settings.DATA_DIR / "demo.json")
            benchmark = self._prepare(results, notes)
            submitter, moderator = self._accounts(notes)
            with Programs(settings.DATA_DIR / "logs") as programs:
                self._start_workers(programs)
                self._evaluate(benchmark, submitter, moderator, programs)
                self._print_ranking(benchmark)
                if not once:
                    self._serve(programs, port)
                self._print_address(benchmark, port, [submitter, moderator], notes)
                self._say("script/server serves the board." if once else "Ctrl-C stops everything.")
                if not once:
                    serving = True
                    programs.wait()
        except (ProgramEnded, SubmissionError, DemoModelError) as problem:
            raise CommandError(str(problem)) from None
        except KeyboardInterrupt:
            if not serving:
                raise CommandError("Stopped. The next run goes on where this one was.", returncode=130) from None
            self.console.print("Stopped.")
        finally:
            connection.close()
            if started and not once:
                embedded_server().stop()

    def _refuse_taken_port(self, port: int) -> None:
        try:
            refuse_taken_port(HOST, port)
        except PortError as problem:
            raise CommandError(str(problem)) from None

    def _prepare(self, results: str | None, notes: DemoNotes) -> Benchmark:
        refuse_newer_schema()
        if pending_migrations():
            with self._step("Schema"):
                call_command("migrate", verbosity=0, interactive=False)
        self._sync_registry(notes)
        with self._step("Starter benchmark"):
            call_command("add_tasks", STARTER, stdout=StringIO())
        self._import_results(results)
        return Benchmark.objects.get(name=read_benchmark_folder(STARTER).name)

    def _sync_registry(self, notes: DemoNotes) -> None:
        """Reading mteb takes seconds: it is done again only when mteb, our reading of it, or the database changed."""
        fingerprint = _registry_fingerprint()
        if notes.registry == fingerprint and Benchmark.objects.filter(origin=Origin.REGISTRY).exists():
            return
        with self._step("Registry of mteb"):
            call_command("sync_registry", stdout=StringIO())
        notes.registry = fingerprint
        notes.save()

    def _import_results(self, results: str | None) -> None:
        if results == "none":
            return
        if results is not None:
            self._say("Results:")
            call_command("import_results", results, stdout=self.stderr)
            return
        finished = ImportRun.objects.filter(source__kind=SourceKind.OFFICIAL, state=ImportRun.State.FINISHED).first()
        if finished is not None:
            self._say(f"Results are there, imported on {finished.started_at:%Y-%m-%d}; --results names newer ones.")
            return
        if not _is_reachable(OFFICIAL_RESULTS):
            self._say(
                f"{OFFICIAL_RESULTS} cannot be reached, so the boards show only what is evaluated here; --results "
                "names a copy on this machine."
            )
            return
        self._say(f"Results, from {OFFICIAL_RESULTS}:")
        call_command("import_results", OFFICIAL_RESULTS, stdout=self.stderr)

    def _accounts(self, notes: DemoNotes) -> tuple[User, User]:
        return (
            ensure_account(name=SUBMITTER, is_moderator=False, notes=notes),
            ensure_account(name=MODERATOR, is_moderator=True, notes=notes),
        )

    def _start_workers(self, programs: Programs) -> None:
        for queue in ("default", settings.EVALUATION_QUEUE):
            command = _manage("evalworker", "--queue", queue, "--while-parent-lives")
            programs.start(f"worker-{queue}", command)

    def _evaluate(self, benchmark: Benchmark, submitter: User, moderator: User, programs: Programs) -> None:
        with self._step("Bundled models"):
            models = ensure_demo_models(settings.DATA_DIR / "models")
        runs = [
            run
            for model in models
            if (run := ensure_evaluated(model=model, benchmark=benchmark, submitter=submitter, moderator=moderator))
        ]
        self._watch(runs, programs)
        for unit in EvaluationUnit.objects.filter(run__in=runs, state=EvaluationUnit.State.FAILED).select_related(
            "task", "run__model_meta"
        ):
            self._say(f"{unit.run.model_meta.name} failed on {unit.task.name}: {unit.error}")

    def _watch(self, runs: list[EvaluationRun], programs: Programs) -> None:
        """A bar for each run until all are finished."""
        columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("tasks")
        with Progress(*columns, TimeElapsedColumn(), TextColumn("{task.fields[doing]}"), console=self.console) as bars:
            waiting = {run: bars.add_task(run.model_meta.name, total=None, doing="") for run in runs}
            while waiting:
                programs.check()
                for run, bar in list(waiting.items()):
                    progress = run_progress(run)
                    bars.update(bar, completed=progress.finished, total=progress.total, doing=_doing(run))
                    if progress.finished == progress.total:
                        del waiting[run]
                time.sleep(0.3 if waiting else 0)

    def _print_ranking(self, benchmark: Benchmark) -> None:
        self.stdout.write("")
        call_command("rankings", benchmark.name, source="all", stdout=self.stdout)

    def _serve(self, programs: Programs, port: int) -> None:
        command = gunicorn_command(host=HOST, port=port, workers=2)
        programs.start("web-server", command, {STOP_WITH_PARENT: "1"})
        while not answers(HOST, port):
            programs.check()
            time.sleep(0.1)

    def _print_address(self, benchmark: Benchmark, port: int, users: list[User], notes: DemoNotes) -> None:
        address = f"http://{HOST}:{port}"
        self.stdout.write(f"\nThe board:  {address}{benchmark.get_absolute_url()}")
        self.stdout.write(f"The desk:   {address}/admin/")
        for user in users:
            self.stdout.write(f"Sign in as: {user.username}  {shown_password(user, notes)}")
        self.stdout.flush()

    @contextmanager
    def _step(self, title: str) -> Iterator[None]:
        """A line for the step, with a spinner while it runs where somebody is watching."""
        begin = time.monotonic()
        quiet = not self.console.is_terminal
        columns = TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn()
        with Progress(*columns, console=self.console, transient=True, disable=quiet) as bar:
            bar.add_task(title, total=None)
            yield
        self._say(f"{title}: {time.monotonic() - begin:.1f} s")

    def _say(self, sentence: str) -> None:
        self.console.print(sentence, markup=False, highlight=False, soft_wrap=True)


def _interrupt(number: int, frame: Any) -> None:
    raise KeyboardInterrupt


def _manage(*arguments: str) -> list[str]:
    return [sys.executable, str(settings.BASE_DIR / "manage.py"), *arguments]


def _doing(run: EvaluationRun) -> str:
    running = [unit for unit in run_units(run) if unit.state == EvaluationUnit.State.RUNNING]
    return f"{running[0].task.name} {running[0].progress}".strip() if running else ""


def _is_reachable(address: str) -> bool:
    """Asked the way it will be fetched, proxies included, but not for longer than somebody waits."""
    command = ["git", "ls-remote", "--exit-code", address, "HEAD"]
    surroundings = {**os.environ, "GIT_TERMINAL_PROMPT": "0"}
    try:
        done = subprocess.run(
            command, env=surroundings, stdin=subprocess.DEVNULL, capture_output=True, timeout=15, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def _registry_fingerprint() -> str:
    """Of the installed mteb, of the code that reads it, and of the database that was written to."""
    digest = hashlib.sha256(version("mteb").encode())
    for name in REGISTRY_CODE:
        digest.update((settings.BASE_DIR / "leaderboard" / name).read_bytes())
    digest.update(repr([connection.settings_dict[name] for name in ("HOST", "PORT", "NAME")]).encode())
    return digest.hexdigest()
