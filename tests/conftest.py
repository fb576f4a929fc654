"""What all tests share: the database server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core.cache import caches
from django.db import connection
from pytest_django import DjangoDbBlocker
from pytest_django.plugin import blocking_manager_key

from config.database import ensure_database
from leaderboard import memory
from tests.factories_submissions import replay_roles


@pytest.fixture(autouse=True)
def _nothing_kept() -> None:
    """What a process keeps belongs to the data version, and each test has a database of its own."""
    caches["process"].clear()
    memory.forget_everything()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """The first test that needs a database starts or joins the embedded server.

    What tests commit need not survive a power failure, so they do not wait for the disk.
    """
    ensure_database()
    connection.settings_dict["OPTIONS"]["options"] = "-c synchronous_commit=off"


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """A thread of a server that a test started may still hold its connection when the database is to be dropped.

    Tests with real transactions empty all tables afterwards, which the audit log would refuse.
    """
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE leaderboard_auditentry DISABLE TRIGGER the_audit_log_is_never_emptied")
    yield
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


_emptied = pytest.StashKey[bool]()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Iterator[None]:
    """Note that a test with real transactions emptied the database, with what migrations put there."""
    yield
    if _has_real_transactions(item):
        item.session.stash[_emptied] = True


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Give the roles back once, for all tests that follow: each would make them anew, and take that back."""
    if item.session.stash.get(_emptied, False) and not _has_real_transactions(item):
        item.session.stash[_emptied] = False
        with item.config.stash[blocking_manager_key].unblock():
            replay_roles()


def _has_real_transactions(item: pytest.Item) -> bool:
    marker = item.get_closest_marker("django_db")
    names = getattr(item, "fixturenames", ())
    return bool({"transactional_db", "live_server"} & set(names)) or bool(marker and marker.kwargs.get("transaction"))
