"""The table of one task: every variant's score, whether it is complete, its rank and its percentile."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import NamedTuple

import numpy as np

from leaderboard.cell_means import Cell, ScoredCell, mean_in_order, merge_parts, whole_task
from leaderboard.percentiles import percentiles


@dataclass(frozen=True)
class DeclaredCells:
    """The cells of a result in the order of its file; None in place of one that the task does not declare."""

    cells: Sequence[Cell | None]

    @cached_property
    def all_declared(self) -> bool:
        return None not in self.cells

    @cached_property
    def distinct(self) -> frozenset[Cell]:
        return frozenset(cell for cell in self.cells if cell is not None)


class Part(NamedTuple):
    """A result that counts for a variant, or one of several that merge."""

    model_meta_id: int
    experiment_id: str
    variant_id: int
    result_id: int
    cells: DeclaredCells
    scores: Sequence[float | None]


class TableRow(NamedTuple):
    """A variant on the task; see `leaderboard.models.TaskRow`."""

    model_meta_id: int
    experiment_id: str
    result_id: int
    n_parts: int
    score: float | None
    n_cells: int
    of_cells: int
    rank: int | None
    n_ranked: int
    percentile: float | None


class _Merged(NamedTuple):
    lead: Part
    n_parts: int
    score: float | None
    cells: frozenset[Cell]


def task_table(parts: Iterable[Part]) -> list[TableRow]:
    """The rows of the task. The parts of a row follow each other, by variant and in the order in which they merge."""
    merged = [_merged(list(of_row)) for _, of_row in groupby(parts, lambda part: part[:2])]
    of_cells = whole_task(cell for cells in {row.cells for row in merged} for cell in cells)
    scores = np.array([_ranked_score(row, of_cells) for row in merged], dtype=np.float64)
    n_ranked = int(np.count_nonzero(~np.isnan(scores)))
    ordered = np.sort(-scores)
    ranks = np.searchsorted(ordered, -scores, side="left") + 1
    return [
        TableRow(
            row.lead.model_meta_id,
            row.lead.experiment_id,
            row.lead.result_id,
            row.n_parts,
            row.score,
            len(row.cells),
            of_cells,
            None if score != score else rank,
            n_ranked,
            None if percentile != percentile else percentile,
        )
        for row, score, rank, percentile in zip(
            merged, scores.tolist(), ranks.tolist(), percentiles(scores).tolist(), strict=True
        )
    ]


def _ranked_score(row: _Merged, of_cells: int) -> float | None:
    return row.score if len(row.cells) >= of_cells else None


def _merged(parts: list[Part]) -> _Merged:
    lead = parts[0]
    if len(parts) == 1 and lead.cells.all_declared and None not in lead.scores:
        # Nearly every row: nothing to lay over each other and nothing to leave out.
        return _Merged(lead, 1, mean_in_order(lead.scores), lead.cells.distinct)  # type: ignore[arg-type]
    scored = [
        cell
        for _, of_variant in groupby(parts, lambda part: part.variant_id)
        for cell in merge_parts(list(_scored(part)) for part in of_variant)
    ]
    cells = frozenset(cell for cell, _ in scored)
    return _Merged(lead, len(parts), mean_in_order([score for _, score in scored]), cells)


def _scored(part: Part) -> Iterable[ScoredCell]:
    for cell, score in zip(part.cells.cells, part.scores, strict=True):
        if cell is not None and score is not None:
            yield cell, score
