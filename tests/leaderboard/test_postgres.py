from __future__ import annotations

import pytest
from django.db import connection

from leaderboard.postgres import copy_line

COLUMNS = "truth boolean, number bigint, score double precision, name text, names text[], scores double precision[]"
AWKWARD = "a\tb\nc\rd\\e\"f,{g}' NULL \\N é"
ROWS = [
    (True, -3, 0.1 + 0.2, AWKWARD, [AWKWARD, "", "NULL", None], [1e-300, None, -0.0]),
    (False, 2**62, 1e22, "", [], []),
    (None, None, None, None, None, None),
]


@pytest.mark.django_db
def test_rows_spelled_for_copy_arrive_as_they_were() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMPORARY TABLE spelled (place serial, {COLUMNS}) ON COMMIT DROP")
        with cursor.copy("COPY spelled (truth, number, score, name, names, scores) FROM STDIN") as copy:
            copy.write(b"".join(map(copy_line, ROWS)))
        cursor.execute("SELECT truth, number, score, name, names, scores FROM spelled ORDER BY place")
        assert cursor.fetchall() == ROWS
