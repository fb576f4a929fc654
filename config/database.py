"""The database this Podium works on: is it there, and does its schema fit the code?"""

from __future__ import annotations

from django.conf import settings
from django.core.management.base import CommandError
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from config.embedded_postgres import Server


def embedded_server() -> Server:
    return Server(settings.DATA_DIR / "pg")


def ensure_database() -> bool:
    """Start or join the embedded server, unless DATABASE_URL names another one. True if this call started it."""
    return not settings.DATABASE_URL and embedded_server().ensure_running()


def unknown_migrations() -> list[str]:
    """Migrations the database has and this code does not know: a newer version of Podium made them."""
    loader = MigrationLoader(connection)
    known_apps = loader.migrated_apps
    return sorted(
        f"{app}.{name}"
        for app, name in set(loader.applied_migrations) - set(loader.disk_migrations)
        if app in known_apps and (app, name) not in loader.replacements
    )


def refuse_newer_schema() -> None:
    if unknown := unknown_migrations():
        raise CommandError(
            f"The database was made by a newer Podium (it has {', '.join(unknown)}): update this checkout, or use "
            "another database."
        )


def pending_migrations() -> list[str]:
    """Migrations of this code that the database does not have yet."""
    loader = MigrationLoader(connection)
    return sorted(f"{app}.{name}" for app, name in set(loader.graph.nodes) - set(loader.applied_migrations))
