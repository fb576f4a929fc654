"""Computing what models have in each language and script, and putting it where pages read it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Container, Iterable, Iterator, Mapping, Sequence
from itertools import groupby, islice
from operator import attrgetter
from typing import Any, NamedTuple

import numpy as np
import orjson
from django.db import connection, transaction
from django.db.models import QuerySet, TextField
from django.db.models.functions import Cast

from leaderboard.language_cells import NamedCells, Runs, named_cells, scores_under, whole_codes
from leaderboard.languages import bare_code
from leaderboard.models import CellSet, CurrentResult, LanguageSummary, LanguageTask, Scope, Task
from leaderboard.postgres import array_literal, copy_line
from leaderboard.selectors.language_boards import pools
from leaderboard.selectors.pool_boards import ranked_models
from leaderboard.task_pools import Pool, PoolTask, pool_of, rank_pool

_COLUMNS = ("code", "task_id", "in_official", "in_all", "model_meta_ids", "scores")
_COPY = f"COPY leaderboard_languagetask ({', '.join(_COLUMNS)}) FROM STDIN"

# Where all cells of a task count under a code, the score is that of the task.
_WHOLE = """
    INSERT INTO leaderboard_languagetask (code, task_id, in_official, in_all, model_meta_ids, scores)
    SELECT whole.code, task_row.task_id, task_row.in_official, task_row.in_all,
           array_agg(task_row.model_meta_id ORDER BY task_row.model_meta_id),
           array_agg(task_row.score ORDER BY task_row.model_meta_id)
    FROM unnest(%s::text[], %s::bigint[]) AS whole (code, task_id)
    JOIN leaderboard_taskrow AS task_row ON task_row.task_id = whole.task_id
    WHERE task_row.rank IS NOT NULL AND task_row.experiment_id = ''
    GROUP BY whole.code, task_row.task_id, task_row.in_official, task_row.in_all
"""


# Of stored rows at a time.
_ROWS_AT_ONCE = 2000


class _Result(NamedTuple):
    """A base run that counts; the parts say in which order the results of a variant are laid over each other."""

    task_id: int
    variant_id: int
    model_meta_id: int
    official_part: int | None
    all_part: int | None
    cell_set_id: int
    scores: list[float | None]

    def part(self, scope: Scope) -> int | None:
        return self.official_part if scope == Scope.OFFICIAL else self.all_part


@transaction.atomic
def publish_languages(*, tasks: Collection[int] | None = None) -> None:
    """Replace what the tasks with these ids, or all tasks, say of languages. Their `TaskRow`s must be current."""
    old, currents = LanguageTask.objects.all(), CurrentResult.objects.filter(variant__experiment_id="")
    if tasks is not None:
        old, currents = old.filter(task__in=tasks), currents.filter(task__in=tasks)
    codes = set(old.values_list("code", flat=True))
    old._raw_delete("default")
    cells = _cell_lists(currents)
    whole, partial = [], {}
    for task_id, lists in cells.items():
        everywhere, somewhere = whole_codes(lists.values())
        whole += [(code, task_id) for code in sorted(everywhere)]
        partial[task_id] = sorted(somewhere)
        codes |= everywhere | somewhere
    _store_whole(whole)
    _store_partial(currents, {task_id: found for task_id, found in partial.items() if found}, cells)
    _sum_up(None if tasks is None else codes)


def _cell_lists(currents: QuerySet[CurrentResult]) -> dict[int, dict[int, NamedCells]]:
    """Task -> cell set -> its cells by code, for the cell sets of results that count."""
    used = set(currents.order_by().values_list("result__cell_set", flat=True))
    rules = Task.objects.filter(pk__in=currents.order_by().values("task")).only("eval_splits", "hf_subsets").in_bulk()
    rows = CellSet.objects.filter(pk__in=used).annotate(codes=Cast("languages", TextField()))
    lists: dict[int, dict[int, NamedCells]] = defaultdict(dict)
    for pk, task_id, splits, subsets, codes in rows.values_list("pk", "task_id", "splits", "subsets", "codes"):
        declared = rules[task_id].declared(zip(splits, subsets, strict=True))
        lists[task_id][pk] = named_cells(declared, orjson.loads(codes))
    return lists


def _store_whole(whole: Sequence[tuple[str, int]]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_WHOLE, [[code for code, _ in whole], [task_id for _, task_id in whole]])


def _store_partial(
    currents: QuerySet[CurrentResult], codes: Mapping[int, list[str]], cells: Mapping[int, Mapping[int, NamedCells]]
) -> None:
    results = _results(currents.filter(task__in=list(codes)))
    rows = (
        row
        for task_id, of_task in groupby(results, attrgetter("task_id"))
        for row in _rows(list(of_task), codes[task_id], cells[task_id])
    )
    # A connection cannot read results while it copies, so both take turns.
    while some := list(islice(rows, _ROWS_AT_ONCE)):
        with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
            copy.write(b"".join(map(copy_line, some)))


def _results(currents: QuerySet[CurrentResult]) -> Iterator[_Result]:
    rows = currents.order_by("task_id", "variant_id", "result_id").values_list(
        "task_id",
        "variant_id",
        "variant__model_meta_id",
        "official_part",
        "all_part",
        "result__cell_set_id",
        "result__main_scores",
    )
    return map(_Result._make, rows.iterator(2000))


def _rows(
    results: Sequence[_Result], codes: Iterable[str], cells: Mapping[int, NamedCells]
) -> Iterator[tuple[Any, ...]]:
    """Values of `_COLUMNS`, once for both scopes where the same results count in them."""
    official, everything = ([result for result in results if result.part(scope) is not None] for scope in Scope)
    if all(result.official_part == result.all_part for result in results):
        found = [(True, True, list(_runs(everything, Scope.ALL, cells)))]
    else:
        found = [
            (True, False, list(_runs(official, Scope.OFFICIAL, cells))),
            (False, True, list(_runs(everything, Scope.ALL, cells))),
        ]
    for in_official, in_all, runs in found:
        for code, scores in scores_under(codes, runs):
            if scores:
                models = "{" + ",".join(map(str, scores)) + "}"
                yield code, results[0].task_id, in_official, in_all, models, array_literal(scores.values())


def _runs(counting: Iterable[_Result], scope: Scope, cells: Mapping[int, NamedCells]) -> Iterator[Runs]:
    """The results by cell list; of several parts of a variant, each without the cells that an earlier one scores."""
    models: dict[int, list[int]] = defaultdict(list)
    scores: dict[int, list[Any]] = defaultdict(list)
    for _, of_variant in groupby(counting, attrgetter("variant_id")):
        parts = sorted(of_variant, key=lambda result: result.part(scope) or 0)
        seen: set[tuple[str, str]] = set()
        for result in parts:
            left = result.scores if len(parts) == 1 else _unseen(result, cells[result.cell_set_id], seen)
            models[result.cell_set_id].append(result.model_meta_id)
            scores[result.cell_set_id].append(left)
    for cell_set_id, of_list in scores.items():
        block = np.array(of_list, dtype=np.float64)
        yield Runs(np.array(models[cell_set_id], dtype=np.intp), cells[cell_set_id], block)


def _unseen(result: _Result, cells: NamedCells, seen: set[tuple[str, str]]) -> list[float | None]:
    """The scores without those of cells in `seen`, which grows by what is scored here."""
    pairs = list(zip(cells.cells, result.scores, strict=True))
    left = [None if cell in seen else score for cell, score in pairs]
    seen.update(cell for cell, score in pairs if score is not None)
    return left


def _sum_up(codes: Collection[str] | None) -> None:
    """Replace the summaries of these codes, or of all."""
    old = LanguageSummary.objects.all()
    if codes is not None:
        codes = {part for code in codes for part in (code, bare_code(code))}
        old = old.filter(code__in=codes)
    old._raw_delete("default")
    official = ranked_models(Scope.OFFICIAL)
    summaries = [summary for code, tasks in pools(codes) for summary in _summaries(code, tasks, official)]
    LanguageSummary.objects.bulk_create((summary for summary in summaries if summary.n_models), batch_size=1000)


def _summaries(
    code: str, tasks: Mapping[Scope, Sequence[PoolTask]], official: Container[int]
) -> Iterator[LanguageSummary]:
    """One for each scope; mostly what is in them is the same."""
    everything = pool_of(tasks[Scope.ALL])
    summary = _summary(Scope.ALL, code, everything)
    yield summary
    same = tasks[Scope.OFFICIAL] is tasks[Scope.ALL] and all(pk in official for pk in everything.model_meta_ids)
    if same:
        yield LanguageSummary(
            scope=Scope.OFFICIAL,
            code=code,
            n_tasks=summary.n_tasks,
            n_models=summary.n_models,
            leader_id=summary.leader_id,
        )
    else:
        yield _summary(Scope.OFFICIAL, code, pool_of(tasks[Scope.OFFICIAL]).only(official))


def _summary(scope: Scope, code: str, pool: Pool) -> LanguageSummary:
    ranking = rank_pool(pool.scores)
    leaders = sorted(np.flatnonzero(ranking.rank == 1), key=lambda number: -ranking.done[number])
    return LanguageSummary(
        scope=scope,
        code=code,
        n_tasks=len(pool.task_ids),
        n_models=len(pool.model_meta_ids),
        leader_id=pool.model_meta_ids[leaders[0]] if leaders else None,
    )
