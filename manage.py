#!/usr/bin/env python3
"""Django's command line for Podium. Starts or joins the embedded PostgreSQL where DATABASE_URL names no other one."""

import errno
import os
import sys

# `demo` starts the server itself, since it also stops a server of its own.
WITHOUT_DATABASE = {"pg", "demo", "help", "version", "--version", "--help", "-h"}


def main(arguments: list[str]) -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    # Boards are computed by processes and threads of our own; those of NumPy's BLAS would only wait for each other.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        import django.core.management
        from django.core.exceptions import ImproperlyConfigured
        from django.db import OperationalError

        from config.embedded_postgres import ServerError
    except ModuleNotFoundError as problem:
        return complain(f"{problem.name} is not installed: run script/setup, and use .venv/bin/python.")
    try:
        if needs_database(arguments):
            from config.database import ensure_database

            ensure_database()
        django.core.management.execute_from_command_line(arguments)
    except (ServerError, ImproperlyConfigured) as problem:
        return complain(str(problem))
    except OperationalError as problem:
        if "--traceback" in arguments:
            raise
        return complain(f"The database does not work: {str(problem).strip().splitlines()[0]}")
    except OSError as problem:
        if problem.errno != errno.ENOSPC:
            raise
        return complain("No space is left on the disk: free some and run the command again.")
    return 0


def needs_database(arguments: list[str]) -> bool:
    if len(arguments) < 2 or arguments[1] in WITHOUT_DATABASE:
        return False
    return not {"--help", "-h", "--version"} & set(arguments[2:])


def complain(sentence: str) -> int:
    print(sentence, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv))
