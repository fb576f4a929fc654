"""`manage.py sync_hub_metadata`: what the Hub says of models that mteb's registry does not say."""

from __future__ import annotations

from argparse import ArgumentParser
from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from submissions.hub_metadata import Fate, HubSilent, models_on_hub, sync_hub_metadata


class Command(BaseCommand):
    help = (
        "Read settings, cards and tensor counts of models with open weights on the Hub, one model after the other. "
        "Stop it when you like: the next call goes on with the models that were read longest ago."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--model", action="append", default=[], metavar="NAME", help="only this model; may be given again"
        )
        parser.add_argument("--limit", type=int, metavar="N", help="stop after so many models")

    def handle(self, *args: Any, **options: Any) -> None:
        names, limit = options["model"], options["limit"]
        if limit is not None and limit < 1:
            raise CommandError("--limit takes a number from 1 on.")
        models = list(models_on_hub(names)[:limit])
        if strange := sorted(set(names) - {model.name for model in models}):
            raise CommandError(f"Not a model of this board with open weights on the Hub: {', '.join(strange)}.")
        fates: Counter[Fate] = Counter()
        try:
            for synced in sync_hub_metadata(models=models):
                fates[synced.fate] += 1
                if synced.fate in (Fate.CHANGED, Fate.NOT_READABLE) or names:
                    self.stdout.write(f"{synced.name}: {synced.fate}. {synced.reason}".rstrip())
        except HubSilent as error:
            raise CommandError(f"{error} {_summary(fates)}") from error
        self.stdout.write(_summary(fates))


def _summary(fates: Counter[Fate]) -> str:
    counted = ", ".join(f"{fates[fate]} {fate}" for fate in Fate if fates[fate])
    asked = "1 model" if fates.total() == 1 else f"{fates.total()} models"
    return f"{asked} asked for: {counted}." if counted else "No model was read."
