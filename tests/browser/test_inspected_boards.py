"""Boards, and all that belongs to them, are accessible, fit the screen and load without complaint."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.browser.inspector import Inspector
from tests.browser.published import BOARD

pytestmark = pytest.mark.django_db

BOARDS = {
    "home": "/",
    "board": BOARD,
    "board-tasks": f"{BOARD}?view=tasks",
    "board-types": f"{BOARD}?view=types",
    "board-languages": f"{BOARD}?view=languages",
    "board-without": f"{BOARD}?view=without",
    "board-charts": f"{BOARD}?view=charts",
    "board-filters": f"{BOARD}?filters=open&type=STS&lang=eng-Latn",
    "board-narrowed": f"{BOARD}?type=Retrieval&size=..1B,unknown&q=params+%3C+1B&method=wins&sort=-mean_task",
    "board-pinned": f"{BOARD}?pin=org/model-0,lab/model-1&hide=released",
    "board-query-error": f"{BOARD}?q=parms+%3C+3",
    "board-nothing-left": f"{BOARD}?org=nobody",
    "board-empty": "/benchmarks/empty/",
    "board-official": f"{BOARD}?source=official",
    "own-board": "/boards/own/?title=Mine&tasks=STSTask0*2,Short:RetrievalTask0,RetrievalTask1",
    "builder": "/boards/new/",
    "builder-filled": "/boards/new/?title=Mine&tasks=STSTask0*2,Short:RetrievalTask0",
    "builder-error": "/boards/new/?tasks=a+b",
    "board-history": f"{BOARD}history/",
    "board-on-day": f"{BOARD}history/{datetime.now(UTC).date() - timedelta(days=1)}/",
    "origins": f"{BOARD}origins/?m=org/model-0",
    "origins-of-type": f"{BOARD}origins/?m=org/model-0&of=type:Retrieval",
    "results": "/results/?model=org/model-0&task=RetrievalTask0",
    "changes": "/changes/",
    "changes-of-day": f"/changes/?day={datetime.now(UTC).date()}",
}


def test_boards_are_accessible_fit_the_screen_and_load_without_complaint(inspector: Inspector) -> None:
    inspector.walk(BOARDS)
    assert not inspector.findings, "\n".join(inspector.findings)
