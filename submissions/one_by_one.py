"""Work on many rows of which one may fail: the others are not to wait for it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import TypeVar

logger = logging.getLogger(__name__)

Row = TypeVar("Row")


def one_by_one(work: Callable[[Row], int], rows: Iterable[Row], *, failing: str) -> int:
    """The sum of what `work` says of each row. One that raises is logged as `failing`, and tried again next time.

    `work` has a transaction of its own, so that nothing of a row that failed stays.
    """
    done = 0
    for row in rows:
        try:
            done += work(row)
        except Exception:
            logger.exception(failing, row)
    return done
