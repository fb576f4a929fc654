"""Setting results that others reported beside runs of this board."""

from __future__ import annotations

from collections.abc import Collection

from django.db import connection, transaction

from leaderboard.models import Comparison, TaskResult
from leaderboard.selectors.verification import tolerance_of
from leaderboard.verification import Cell, difference

# Two results are comparable when they are of one model revision, settings, task and dataset revision.
_MISSING = """
    SELECT reported.id, rerun.id
    FROM leaderboard_taskresult AS rerun
    JOIN leaderboard_resultsource AS own ON own.id = rerun.source_id AND own.kind = 'run'
    JOIN leaderboard_taskresult AS reported
      ON reported.task_id = rerun.task_id AND reported.model_revision_id = rerun.model_revision_id
     AND reported.variant_id = rerun.variant_id AND reported.dataset_revision = rerun.dataset_revision
    JOIN leaderboard_resultsource AS other ON other.id = reported.source_id AND other.kind <> 'run'
    WHERE NOT EXISTS (
        SELECT FROM leaderboard_comparison AS known
        WHERE known.reported_id = reported.id AND known.rerun_id = rerun.id)
"""


@transaction.atomic
def compare_with_reruns(*, only: Collection[int] | None = None) -> list[Comparison]:
    """Compare what was not compared yet, of everything or of the results with these ids. Says what is new.

    Belongs into the transaction that publishes the results, which bumps the data version.
    """
    condition, values = "", []
    if only is not None:
        condition, values = " AND (rerun.id = ANY(%s) OR reported.id = ANY(%s))", [list(only), list(only)]
    with connection.cursor() as cursor:
        cursor.execute(_MISSING + condition + " ORDER BY rerun.id, reported.id", values)
        pairs = cursor.fetchall()
    results = TaskResult.objects.select_related("cell_set").defer("payload")
    found = results.in_bulk({id_ for pair in pairs for id_ in pair})
    compared = [_comparison(found[reported], found[rerun]) for reported, rerun in pairs]
    return Comparison.objects.bulk_create(comparison for comparison in compared if comparison)


def _comparison(reported: TaskResult, rerun: TaskResult) -> Comparison | None:
    found = difference(_scores(reported), _scores(rerun))
    if found is None:
        return None
    tolerance = tolerance_of(reported.task_id)
    split, subset = found.worst
    return Comparison(
        reported=reported,
        rerun=rerun,
        difference=found.largest,
        split=split,
        subset=subset,
        n_cells=found.n_cells,
        tolerance=tolerance,
        agrees=found.within(tolerance),
    )


def _scores(result: TaskResult) -> dict[Cell, float | None]:
    cells = zip(result.cell_set.splits, result.cell_set.subsets, strict=True)
    return dict(zip(cells, result.main_scores, strict=True))
