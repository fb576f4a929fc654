"""Who moved on a board from one day to the next, and why as far as it can be told."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class Reason(StrEnum):
    """Why a row stands where it did not stand before, in words that end a sentence."""

    RESULTS = "new results of its own"
    SCORES = "its own scores changed"
    GONE = "its results no longer count"
    TASKS = "the board counts other tasks"
    OTHERS = "others moved"


class Standing(NamedTuple):
    """Where a row stands on a board: rank, leading mean (None while blank) and how many tasks it has done."""

    rank: int
    mean: float | None
    n_done: int


@dataclass(frozen=True)
class Move:
    """A row that entered a board (`before` is None), left it (`now` is None) or stands elsewhere than before.

    `n_results` are the results that the model variant got in between on tasks of the board.
    """

    model_name: str
    experiment_id: str
    before: Standing | None
    now: Standing | None
    n_results: int
    reason: Reason

    @property
    def climbed(self) -> int:
        """How many places up; negative for down, 0 for a row that entered or left."""
        return self.before.rank - self.now.rank if self.before and self.now else 0

    @property
    def is_news(self) -> bool:
        """Whether it moved by itself, and was not only pushed by others."""
        return self.reason != Reason.OTHERS

    @property
    def took_the_lead(self) -> bool:
        return self.now is not None and self.now.rank == 1 and (self.before is None or self.before.rank != 1)

    @property
    def lost_the_lead(self) -> bool:
        return self.before is not None and self.before.rank == 1 and (self.now is None or self.now.rank != 1)


def why(before: Standing | None, now: Standing | None, *, n_results: int, other_tasks: bool) -> Reason:
    """The reason that comes first where several may have played a part."""
    if n_results:
        return Reason.RESULTS
    if other_tasks:
        return Reason.TASKS
    if now is None:
        return Reason.GONE
    if before is None or (before.mean, before.n_done) != (now.mean, now.n_done):
        return Reason.SCORES
    return Reason.OTHERS


def importance(move: Move) -> tuple[bool, bool, int, int]:
    """Sorts what readers look for first: the lead, then who entered or left by rank, then the furthest moves."""
    standing = move.now or move.before
    leads = move.took_the_lead or move.lost_the_lead
    return (
        not move.is_news,
        not leads,
        -abs(move.climbed) if move.climbed else -1_000_000,
        standing.rank if standing else 0,
    )
