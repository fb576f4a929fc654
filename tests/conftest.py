"""What all tests share: the database server."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """The first test that needs a database starts or joins the embedded server."""
    from config.database import ensure_database

    ensure_database()
