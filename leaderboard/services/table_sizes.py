"""Telling PostgreSQL how large its tables have grown."""

from __future__ import annotations

from django.db import connection
from django.db.models import Model


def analyze(*models: type[Model]) -> None:
    """Look at the tables as they are now, in this transaction.

    For when a table was filled, before queries over all of it. What the server noted by itself may be of a moment when
    the rows were not committed yet: then it takes the table for empty, and compares every row with every other.
    """
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {', '.join(model._meta.db_table for model in models)}")
