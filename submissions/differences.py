"""What two submissions of a model differ in."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

NONE = "-"


@dataclass(frozen=True)
class Difference:
    """A value that changed; NONE on the side that has none."""

    subject: str
    before: str
    after: str


@dataclass(frozen=True)
class ScoreDifference:
    """A task's score in percent at the earlier and at this revision."""

    task: str
    before: float
    after: float

    @property
    def change(self) -> float:
        return self.after - self.before


def changed_values(before: Mapping[str, str], after: Mapping[str, str]) -> list[Difference]:
    """The subjects whose values differ, in the order of the newer side, then those that are gone."""
    subjects = [*after, *(subject for subject in before if subject not in after)]
    pairs = ((subject, before.get(subject) or NONE, after.get(subject) or NONE) for subject in subjects)
    return [Difference(subject, old, new) for subject, old, new in pairs if old != new]


def changed_members(subject: str, before: Collection[str], after: Collection[str]) -> list[Difference]:
    """One difference that names what left and what came, or none."""
    gone, new = sorted(set(before) - set(after)), sorted(set(after) - set(before))
    return [Difference(subject, ", ".join(gone) or NONE, ", ".join(new) or NONE)] if gone or new else []


def changed_scores(before: Mapping[str, float], after: Mapping[str, float]) -> list[ScoreDifference]:
    """Every common task, the largest changes first."""
    common = [ScoreDifference(task, 100 * before[task], 100 * after[task]) for task in after if task in before]
    return sorted(common, key=lambda difference: -abs(difference.change))
