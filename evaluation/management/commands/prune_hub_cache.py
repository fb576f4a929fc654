"""`manage.py prune_hub_cache`: what a worker does each night with what its host has downloaded."""

from __future__ import annotations

import os
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from evaluation.selectors.runs import names_on_hub_in_use
from evaluation.worker.disk import hub_cache, prune
from evaluation.worker.workplace import hf_home


class Command(BaseCommand):
    help = (
        "Deletes models and datasets that nobody used for longest from this host's cache of the Hub, until it is no "
        "larger than PODIUM_HUB_CACHE_MB. What unfinished runs need stays. Workers do it each night."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--megabytes", type=int, default=settings.EVALUATION_HUB_CACHE_MB, help="0: any size")

    def handle(self, *args: Any, megabytes: int, **options: Any) -> None:
        cache = hub_cache(os.environ, hf_home())
        if not megabytes:
            self.stdout.write(f"{cache} may be of any size: set PODIUM_HUB_CACHE_MB.")
            return
        deleted = prune(cache, megabytes, in_use=names_on_hub_in_use())
        for name in deleted:
            self.stdout.write(f"Deleted {name}.")
        if not deleted:
            self.stdout.write(f"Nothing is to be deleted from {cache}.")
