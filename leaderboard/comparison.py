"""A few models side by side: how an address names them, and what their scores on the same tasks say."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from leaderboard.aggregation import Bools, Floats

LETTERS = "ABCDEF"
FEWEST, MOST = 2, len(LETTERS)
CHANGE = 0.001
"""How far a score of the same model may move without being another score, as mteb's own intake has it."""

HIGHEST = 1.0
"""What a score can reach; a task with higher ones measures something else, such as texts per second."""

_NAME = re.compile(r"(?P<model>[^@~]*)(@(?P<revision>[^~]*))?(~(?P<experiment_id>.*))?", re.DOTALL)
_ROUNDING = 1e-9


class EntrantName(NamedTuple):
    """A model, one of its revisions or one of its variants: `org/name`, `org/name@revision`, `org/name~variant`.

    Without a revision the results that count stand for the model, without a variant its base run. No name of a model
    has @ or ~ in it, and no name of a revision has ~.
    """

    model: str
    revision: str = ""
    experiment_id: str = ""

    @classmethod
    def parse(cls, text: str) -> EntrantName:
        parts = _NAME.fullmatch(text)
        values = parts.groupdict(default="") if parts else {"model": text}
        return cls(**{name: value.strip() for name, value in values.items()})

    def __str__(self) -> str:
        revision = f"@{self.revision}" if self.revision else ""
        return f"{self.model}{revision}{f'~{self.experiment_id}' if self.experiment_id else ''}"


def common_tasks(scores: Floats) -> Bools:
    """Of (entrants, tasks), NaN where blank: the tasks that all entrants have."""
    return np.asarray(~np.isnan(scores).any(axis=0))


def differences(scores: Floats) -> Floats:
    """Of two entrants the first minus the second, of more the highest minus the lowest; NaN where fewer than two have
    the task."""
    if len(scores) == FEWEST:
        return np.asarray(scores[0] - scores[1])
    several = np.count_nonzero(~np.isnan(scores), axis=0) >= FEWEST
    result = np.full(scores.shape[1], np.nan)
    known = scores[:, several]
    result[several] = np.nanmax(known, axis=0) - np.nanmin(known, axis=0)
    return result


def is_change(difference: float | None) -> bool:
    """Whether runs of one model differ on a task by more than CHANGE."""
    return difference is not None and abs(difference) > CHANGE + _ROUNDING


class MeansRow(NamedTuple):
    """The mean of each entrant over the tasks that all of them have: of one type, or of all where it is empty."""

    task_type: str
    n_tasks: int
    means: list[float]

    @property
    def best(self) -> float | None:
        return best_of(self.means)

    @property
    def difference(self) -> float:
        """The first minus the second."""
        return self.means[0] - self.means[1]


@dataclass(frozen=True)
class TypeMeans:
    """Rows by task type, and one over all common tasks; `left_out` are types without a common task."""

    rows: list[MeansRow]
    overall: MeansRow
    left_out: list[str]


def type_means(scores: Floats, task_types: Sequence[str]) -> TypeMeans | None:
    """Means over the common tasks, by type and over all; None where no task is common."""
    common = common_tasks(scores)
    if not common.any():
        return None
    types = np.array(task_types)
    masks = {name: common & (types == name) for name in sorted(set(task_types))}
    return TypeMeans(
        rows=[_means(scores, name, mask) for name, mask in masks.items() if mask.any()],
        overall=_means(scores, "", common),
        left_out=[name for name, mask in masks.items() if not mask.any()],
    )


def _means(scores: Floats, name: str, tasks: Bools) -> MeansRow:
    return MeansRow(name, int(np.count_nonzero(tasks)), scores[:, tasks].mean(axis=1).tolist())


def best_of(values: Iterable[float | None]) -> float | None:
    """The highest of several; None where there are not two to choose from."""
    known = {value for value in values if value is not None}
    return max(known) if len(known) >= FEWEST else None
