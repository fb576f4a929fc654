"""`manage.py trial`: kills everything that takes part in an evaluation, and looks at what becomes of it."""

from __future__ import annotations

import random
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from evaluation.custom.benchmarks import read_benchmark_folder
from evaluation.demo_models import GLOVE_NAME, MINILM_NAME, ensure_demo_models
from evaluation.models import EvaluationRun
from evaluation.services.registration import register_benchmark
from evaluation.trials import Trial, TrialError, plan
from leaderboard.models import Task

STARTER = settings.BASE_DIR / "evaluation" / "starter"
MODELS = {"minilm": MINILM_NAME, "glove": GLOVE_NAME}


class Command(BaseCommand):
    help = (
        "Evaluates a bundled model on the starter benchmark again and again and kills something at a random moment of "
        "each run. Wants a database of its own: see script/trial."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--kills", type=int, default=20, help="how many runs to disturb (default %(default)s)")
        parser.add_argument("--tasks", type=int, default=8, help="of the starter benchmark (default %(default)s)")
        parser.add_argument("--model", choices=list(MODELS), default="minilm", help="default %(default)s")
        parser.add_argument("--seed", type=int, help="for the moments and the order; default: a new one")

    def handle(self, *args: Any, kills: int, tasks: int, model: str, seed: int | None, **options: Any) -> None:
        if settings.DATABASE_URL:
            raise CommandError("A trial kills its PostgreSQL, so it runs on an embedded one only: unset DATABASE_URL.")
        call_command("migrate", verbosity=0)
        if EvaluationRun.objects.exists():
            raise CommandError("This database has evaluations already: give the trial one of its own (script/trial).")
        seed = random.randrange(10**6) if seed is None else seed
        definition = read_benchmark_folder(STARTER)
        register_benchmark(definition=definition)
        names = [task.name for task in definition.tasks][:tasks]
        (chosen,) = (one for one in ensure_demo_models(settings.DATA_DIR / "models") if one.name == MODELS[model])
        trial = Trial(chosen, list(Task.objects.filter(name__in=names)), seed=seed, say=self.stdout.write)
        self.stdout.write(f"{kills} kills, seed {seed}.")
        try:
            findings = trial.run(plan(kills, seed))
        except TrialError as error:
            raise CommandError(str(error)) from error
        failed = [finding for finding in findings if finding.problems]
        self.stdout.write(f"{len(findings) - len(failed)} of {len(findings)} runs ended as they should.")
        if failed:
            raise CommandError(f"Repeat it with --seed {seed}.")
