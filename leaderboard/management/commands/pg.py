"""Looks after the embedded PostgreSQL."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from config.database import embedded_server
from config.embedded_postgres import Server, ServerError, binary


class Command(BaseCommand):
    help = "Starts, stops and shows the embedded PostgreSQL, which serves where DATABASE_URL is not set."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
        actions.add_parser("start", help="start the server, or join the one that runs")
        actions.add_parser("stop", help="shut the server down; the data stay")
        actions.add_parser("status", help="say whether it runs, and where the data lie")
        reset = actions.add_parser("reset", help="stop the server and delete its data")
        reset.add_argument("--yes", action="store_true", help="do not ask")
        actions.add_parser("url", help="print the address, for DATABASE_URL or psql")
        psql = actions.add_parser("psql", help="open psql on the database")
        psql.add_argument("arguments", nargs="*", help="passed to psql; put -- before options")

    def handle(self, *args: Any, action: str, **options: Any) -> None:
        server = embedded_server()
        try:
            match action:
                case "start":
                    started = server.ensure_running()
                    self.stdout.write("PostgreSQL started." if started else "PostgreSQL was running already.")
                case "stop":
                    self.stdout.write("PostgreSQL stopped." if server.stop() else "PostgreSQL was not running.")
                case "status":
                    self._show_status(server)
                case "reset":
                    self._reset(server, confirmed=options["yes"])
                case "url":
                    self.stdout.write(server.url())
                case "psql":
                    self._open_psql(server, options["arguments"])
        except ServerError as problem:
            raise CommandError(str(problem)) from None

    def _show_status(self, server: Server) -> None:
        status = server.status()
        running = f"running, pid {status.pid}" if status.pid else "not running"
        version = f"PostgreSQL {status.version}" if status.version else "no data yet"
        self.stdout.write(f"{running}; {version}\ndata: {status.data}\nlog:  {status.log}")

    def _reset(self, server: Server, *, confirmed: bool) -> None:
        if not confirmed:
            if not sys.stdin.isatty():
                raise CommandError("This deletes all data: add --yes to confirm.")
            if input(f"Delete everything in {server.data}? Type yes: ").strip() != "yes":
                raise CommandError("Nothing was deleted.")
        server.reset()
        self.stdout.write("The data are deleted; the next command starts with an empty database.")

    def _open_psql(self, server: Server, arguments: list[str]) -> None:
        server.ensure_running()
        program = binary("psql")
        self.stdout.flush()
        os.execv(program, [str(program), server.url(), *arguments])
