"""How far numbers are verified: a claimed result beside a run of ours, and what that says of a model.

A run of this board on the same revision, settings and dataset revision is compared with the result that somebody
reported, cell by cell. The words of docs/verification.md are made here.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

DEFAULT_TOLERANCE = 0.001
"""The most that a main score may move, as a fraction: what the official intake allows for a result that changes."""
SMALLEST_SAMPLE = 3
"""So many reported tasks have to be rerun before a model counts as sampled; all of them, where it has fewer."""

OWN_RUN = "run"
Cell = tuple[str, str]


class Level(StrEnum):
    """The values are those of the filter `verified` and of the query field."""

    FULL = "here"
    SAMPLE = "sample"
    PARTLY = "partly"
    REPORTED = "reported"
    DISAGREES = "disagrees"


LEVEL_LABELS: Mapping[str, str] = {
    Level.FULL: "full run",
    Level.SAMPLE: "sample rerun",
    Level.PARTLY: "partly run here",
    Level.REPORTED: "self-reported",
    Level.DISAGREES: "disagrees",
}
LEVEL_SENTENCES: Mapping[str, str] = {
    Level.FULL: "Every result was evaluated here.",
    Level.SAMPLE: "Reported by others; a random sample of the tasks was rerun here and agrees.",
    Level.PARTLY: "Some results were evaluated here; too few reported ones were rerun to speak for the others.",
    Level.REPORTED: "Reported by others; nothing of it was rerun here.",
    Level.DISAGREES: "A reported result was rerun here and came out differently.",
}


@dataclass(frozen=True, slots=True)
class Difference:
    """`largest` is the biggest distance between two main scores, in the cell `worst`; over `n_cells` common cells."""

    largest: float
    worst: Cell
    n_cells: int

    def within(self, tolerance: float) -> bool:
        """With room for the last digit: 0.5010 - 0.5000 is a little more than 0.001 in binary."""
        return self.largest <= tolerance + 1e-12


def difference(reported: Mapping[Cell, float | None], rerun: Mapping[Cell, float | None]) -> Difference | None:
    """None where no cell has a score on both sides, so that nothing can be said."""
    distances = {
        cell: abs(score - again)
        for cell, score in reported.items()
        if score is not None and (again := rerun.get(cell)) is not None
    }
    if not distances:
        return None
    worst = max(distances, key=lambda cell: (distances[cell], cell))
    return Difference(distances[worst], worst, len(distances))


@dataclass(frozen=True, slots=True)
class Reruns:
    """Of a model variant: how many reported tasks were rerun here and agreed or did not, of how many reported ones."""

    agreed: int
    disagreed: int
    reported: int

    @property
    def level(self) -> Level | None:
        """What the reruns say of the results that were not rerun; None while they are too few."""
        if self.disagreed:
            return Level.DISAGREES
        return Level.SAMPLE if self.agreed >= max(1, min(SMALLEST_SAMPLE, self.reported)) else None


def row_level(origins: Collection[str], reruns: Level | None) -> Level:
    """Of a row of a board, from the kinds of source behind it and what reruns say of the model.

    A disagreement shows whatever the row counts now: the rerun has taken the place of the result it contradicts.
    """
    if reruns is Level.DISAGREES:
        return Level.DISAGREES
    if set(origins) == {OWN_RUN}:
        return Level.FULL
    if reruns is not None:
        return reruns
    return Level.PARTLY if OWN_RUN in origins else Level.REPORTED


def result_level(kind: str, *, agrees: bool | None, of_model: Level | None) -> Level:
    """Of one result: `agrees` says how its own rerun came out, None without one."""
    if kind == OWN_RUN:
        return Level.FULL
    if agrees is False:
        return Level.DISAGREES
    if agrees or of_model is Level.SAMPLE:
        return Level.SAMPLE
    return Level.REPORTED
