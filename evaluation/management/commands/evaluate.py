"""Evaluates a model for an operator, through the same rows, queue and worker as everything else."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from evaluation.hub import HubError, resolve_revision
from evaluation.local_models import folder_revision, is_model_folder
from evaluation.models import EvaluationRun, EvaluationUnit, Lane
from evaluation.selectors import names, scores, workers
from evaluation.selectors.runs import run_units
from evaluation.services.runs import EvaluationError, request_run
from leaderboard.models import Benchmark, ModelMeta, Origin, Task
from leaderboard.terminal import progress_bar

LOOK_SECONDS = 0.5
WORKER_STOP_SECONDS = 15


@dataclass(frozen=True)
class ChosenModel:
    model_meta: ModelMeta
    revision: str
    local_path: str = ""
    pinned_by_content: bool = False


class Command(BaseCommand):
    help = "Evaluates a model of the Hub, or one in a local folder, on tasks and benchmarks."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("model", metavar="MODEL", help="organisation/name on the Hub, or a path to a folder")
        parser.add_argument("--revision", help="branch, tag or commit; default: the registry's, else the newest")
        parser.add_argument("--name", help="for a folder: the model's name on the board; default: local/FOLDER")
        parser.add_argument("--task", action="append", default=[], metavar="T", help="may be given several times")
        parser.add_argument("--benchmark", action="append", default=[], metavar="B", help="may be given several times")
        parser.add_argument("--lane", choices=[lane.label for lane in Lane], default=Lane.NORMAL.label)
        parser.add_argument("--worker-class", default="", metavar="LABEL", help="only workers with this label take it")
        parser.add_argument("--wait", action="store_true", help="until it is finished; starts a worker if none runs")
        parser.add_argument("--format", choices=["table", "json"], default="table")

    def handle(self, *, model: str, wait: bool, **options: Any) -> None:
        tasks = [find_task(name) for name in options["task"]]
        benchmarks = [find_benchmark(name) for name in options["benchmark"]]
        if not tasks and not benchmarks:
            raise CommandError("Say what to evaluate on: --task STS13 or --benchmark “MTEB(eng, v2)”.")
        chosen = choose_model(model, options["revision"], options["name"])
        try:
            run = request_run(
                model_meta=chosen.model_meta,
                revision=chosen.revision,
                local_path=chosen.local_path,
                pinned_by_content=chosen.pinned_by_content,
                tasks=tasks,
                benchmarks=benchmarks,
                lane=next(lane for lane in Lane if lane.label == options["lane"]),
                worker_class=options["worker_class"],
            )
        except EvaluationError as error:
            raise CommandError(str(error)) from error
        self._say(f"{run} at revision {run.revision} has {run.units.count()} tasks; see {run.get_absolute_url()}")
        if wait:
            self._wait(run)
            self._print(run, options["format"])
            self._complain(run)
        elif options["format"] == "json":
            self.stdout.write(json.dumps({"run": run.pk, "address": run.get_absolute_url()}))

    def _wait(self, run: EvaluationRun) -> None:
        with worker_if_needed(self._say), progress_bar(self.stderr) as progress:
            known: dict[int, str] = {}
            say = self._say if progress.disable else partial(progress.console.print, markup=False, highlight=False)
            of_run = progress.add_task("waiting", total=run.units.count())
            while True:
                units = run_units(run)
                for unit in units:
                    if change := change_of(unit, known):
                        say(change)
                at_work = ", ".join(unit.task.name for unit in units if unit.state == EvaluationUnit.State.RUNNING)
                n_finished = sum(unit.is_finished for unit in units)
                progress.update(of_run, completed=n_finished, description=at_work or "waiting")
                run.refresh_from_db()
                if run.is_finished:
                    return
                time.sleep(LOOK_SECONDS)

    def _print(self, run: EvaluationRun, how: str) -> None:
        rows: list[dict[str, Any]] = [
            {
                "task": unit.task.name,
                "main_score": scores.task_score(unit.result),
                "scores": scores.scores_by_cell(unit.result),
                "evaluation_time": unit.evaluation_time,
            }
            for unit in run_units(run)
            if unit.result
        ]
        if how == "json":
            self.stdout.write(json.dumps(rows, indent=2))
            return
        for row in rows:
            score = "missing" if row["main_score"] is None else f"{100 * row['main_score']:.2f}"
            self.stdout.write(f"{row['task']:<40} {score:>8}")

    def _complain(self, run: EvaluationRun) -> None:
        if run.state == EvaluationRun.State.CANCELLED:
            raise CommandError(f"{run} was cancelled.")
        if failed := [unit for unit in run_units(run) if unit.state == EvaluationUnit.State.FAILED]:
            reasons = "; ".join(f"{unit.task}: {unit.error}" for unit in failed)
            raise CommandError(f"{len(failed)} of {run.units.count()} tasks failed. {reasons}")

    def _say(self, message: str) -> None:
        self.stderr.write(message, self.style.NOTICE)


def change_of(unit: EvaluationUnit, known: dict[int, str]) -> str:
    """A line if the unit is in another state than the one known, which is noted."""
    state = {
        EvaluationUnit.State.RUNNING: unit.progress or "starting",
        EvaluationUnit.State.FAILED: f"failed: {unit.error}",
    }.get(EvaluationUnit.State(unit.state), unit.state)
    if unit.state == EvaluationUnit.State.QUEUED and unit.error:
        state = f"is tried again: {unit.error}"
    if unit.result:
        score = scores.task_score(unit.result)
        state = f"done, main score {'missing' if score is None else f'{score:.5f}'}"
    before = known.get(unit.pk, EvaluationUnit.State.QUEUED)
    known[unit.pk] = state
    return "" if state == before else f"{unit.task}: {state}"


def find_task(name: str) -> Task:
    task = Task.objects.filter(name=name).first()
    if task is None:
        raise CommandError(f"There is no task “{name}”.{_suggestion(names.close_task_names(name), Task)}")
    return task


def find_benchmark(name: str) -> Benchmark:
    benchmark = (
        Benchmark.objects.filter(name=name).first() or Benchmark.objects.filter(aliases__contains=[name]).first()
    )
    if benchmark is None:
        suggestion = _suggestion(names.close_benchmark_names(name), Benchmark)
        raise CommandError(f"There is no benchmark “{name}”.{suggestion}")
    return benchmark


def _suggestion(names: list[str], kind: type[Task] | type[Benchmark]) -> str:
    if names:
        return f" Did you mean {' or '.join(names)}?"
    return "" if kind.objects.exists() else " None is known yet: run manage.py sync_registry first."


def choose_model(model: str, revision: str | None, name: str | None) -> ChosenModel:
    """The model's row, made if nobody knew the model, and the exact revision."""
    folder = Path(model).expanduser()
    if folder.is_dir():
        return choose_local_model(folder.resolve(), revision, name)
    if model.startswith((".", "/", "~")):
        raise CommandError(f"There is no folder {model}.")
    if name:
        raise CommandError("--name is for models in a local folder; a model of the Hub has its name already.")
    known = ModelMeta.everything.filter(name=model).first()
    if known and known.local_path and not known.in_registry:
        return choose_local_model(Path(known.local_path), revision, model)
    if known and known.registry_revision and revision in {None, known.registry_revision}:
        return ChosenModel(known, known.registry_revision)
    try:
        commit = resolve_revision(model, revision)
    except HubError as error:
        similar = [] if known else names.close_model_names(model)
        raise CommandError(f"{error}{f' Did you mean {similar[0]}?' if similar else ''}") from error
    return ChosenModel(known or new_model(model), commit)


def choose_local_model(folder: Path, revision: str | None, name: str | None) -> ChosenModel:
    if not is_model_folder(folder):
        raise CommandError(f"{folder} is no model: it has neither a modules.json nor a config.json.")
    name = name or f"local/{folder.name}"
    model_meta = ModelMeta.everything.filter(name=name).first() or new_model(name, local_path=str(folder))
    if revision:
        return ChosenModel(model_meta, revision, str(folder))
    return ChosenModel(model_meta, folder_revision(folder), str(folder), pinned_by_content=True)


def new_model(name: str, local_path: str | None = None) -> ModelMeta:
    return ModelMeta.everything.create(name=name, origin=Origin.RESULTS, in_registry=False, local_path=local_path)


@contextmanager
def worker_if_needed(say: Any) -> Iterator[None]:
    """A worker of our own while nobody else's is alive. It inherits our environment and ends with us."""
    if workers.workers_alive(settings.EVALUATION_QUEUE).exists():
        yield
        return
    say("No worker is running; starting one for this run.")
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "evalworker", "--while-parent-lives"]
    worker = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=sys.stderr, start_new_session=True)
    try:
        yield
    finally:
        worker.terminate()
        try:
            worker.wait(WORKER_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            worker.kill()
