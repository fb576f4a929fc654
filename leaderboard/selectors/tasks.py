"""What a task page asks: the task's place in benchmarks and every model's current result on it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Any

from django.db.models import QuerySet

from leaderboard.cell_means import CellKey, merged_mean
from leaderboard.models import Benchmark, CellSet, CurrentResult, Scope, Task


@dataclass(frozen=True)
class TaskScore:
    """A model variant's current result on a task.

    `score` is the mean of the cells that the task declares; `n_cells` of `of_cells` have a score, where `of_cells` is
    what the models together show to be the whole task. A result with fewer is incomplete and has no rank.
    """

    result_id: int
    model_meta_id: int
    model_name: str
    experiment_id: str
    score: float | None
    n_cells: int
    of_cells: int
    rank: int | None
    n_results: int
    model_revision: str
    dataset_revision: str | None
    mteb_version: str | None
    date: datetime | None
    origin: str

    @property
    def is_complete(self) -> bool:
        return self.n_cells >= self.of_cells
