"""What all tests share: the database server."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from django.db import connection

from config.database import ensure_database
from leaderboard import memory


@pytest.fixture(autouse=True)
def _nothing_kept() -> None:
    """What a process keeps belongs to the data version, and each test has a database of its own."""
    cache.clear()
    memory.forget_everything()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """The first test that needs a database starts or joins the embedded server.

    What tests commit need not survive a power failure, so they do not wait for the disk.
    """
    ensure_database()
    connection.settings_dict["OPTIONS"]["options"] = "-c synchronous_commit=off"
