"""When a run will have ended: arithmetic over estimates of its tasks, corrected by those that have finished."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

TRUSTED_SECONDS = 60.0
"""So much estimated work, done as fast as estimated, is added to what a run has done: one short task proves little."""
LEAST_REMAINING_SHARE = 0.1


@dataclass(frozen=True)
class Piece:
    """A task that has not finished. `estimated` is None where nobody knows; `elapsed` is what it has taken so far."""

    estimated: float | None
    elapsed: float = 0.0


def pace(finished: Iterable[tuple[float, float]]) -> float:
    """Seconds that an estimated second takes here, from (estimated, actual) seconds of what has finished."""
    estimated = actual = TRUSTED_SECONDS
    for expected, took in finished:
        estimated += expected
        actual += took
    return actual / estimated


def remaining_seconds(pieces: Sequence[Piece], pace: float) -> list[float] | None:
    """What each piece still takes. A piece nobody knows takes what the others do on average; None if no one is known.

    A piece that has taken longer than estimated still takes a tenth of its estimate: it has not finished.
    """
    known = [piece.estimated for piece in pieces if piece.estimated is not None]
    if pieces and not known:
        return None
    average = sum(known) / len(known) if known else 0.0
    remaining = []
    for piece in pieces:
        expected = (average if piece.estimated is None else piece.estimated) * pace
        remaining.append(max(expected - piece.elapsed, expected * LEAST_REMAINING_SHARE))
    return remaining


def side_by_side(seconds: Iterable[float], places: int) -> float:
    """How long the pieces take in so many places, each place taking the longest that is left as soon as it is free."""
    ends = [0.0] * places
    for piece in sorted(seconds, reverse=True):
        heapq.heapreplace(ends, ends[0] + piece)
    return max(ends)
