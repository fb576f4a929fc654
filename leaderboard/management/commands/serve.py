"""Serves the pages."""

from __future__ import annotations

import os
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from config.database import pending_migrations, refuse_newer_schema
from config.web_server import PortError, gunicorn_command, refuse_taken_port


class Command(BaseCommand):
    help = "Serves the pages with gunicorn, or with Django's development server."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--host", default="127.0.0.1", help="the address to listen on (default %(default)s)")
        parser.add_argument("--workers", type=int, default=2, help="processes of four threads each")
        parser.add_argument("--dev", action="store_true", help="reload changed code; for one developer only")

    def handle(self, *args: Any, host: str, port: int, workers: int, dev: bool, **options: Any) -> None:
        self._refuse_unfit_schema()
        if dev:
            call_command("runserver", f"{host}:{port}")
            return
        self._refuse_missing_static_files()
        try:
            refuse_taken_port(host, port)
        except PortError as problem:
            raise CommandError(str(problem)) from None
        self.stdout.write(f"Podium is at http://{host}:{port}/ (Ctrl-C stops it).")
        self.stdout.flush()
        command = gunicorn_command(host=host, port=port, workers=workers)
        os.execv(command[0], command)

    def _refuse_unfit_schema(self) -> None:
        refuse_newer_schema()
        if pending_migrations():
            raise CommandError("The database lacks migrations of this version: run `manage.py migrate` first.")

    def _refuse_missing_static_files(self) -> None:
        collected = settings.STATIC_ROOT
        if collected is not None and not (collected / "staticfiles.json").exists():
            raise CommandError("The static files are not collected: run `manage.py collectstatic --noinput` first.")
