"""Computing every model's place on the tasks and putting it where pages read it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import groupby, islice
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.db.models import QuerySet

from leaderboard.models import CellSet, CurrentResult, Scope, Task, TaskRow
from leaderboard.postgres import copy_line
from leaderboard.task_tables import DeclaredCells, Part, TableRow, task_table

_COLUMNS = ("in_official", "in_all", "task_id", *TableRow._fields)
# A connection cannot read results while it copies, so both take turns.
_ROWS_AT_ONCE = 20_000


class _Counting(NamedTuple):
    """A result that counts in some scope. The fields behind the parts say in which order a row merges."""

    task_id: int
    model_meta_id: int
    experiment_id: str
    experiment_name: str
    official_part: int | None
    all_part: int | None
    variant_id: int
    result_id: int
    cell_set_id: int
    scores: list[float | None]

    def part(self, scope: Scope) -> int | None:
        return self.official_part if scope == Scope.OFFICIAL else self.all_part


@transaction.atomic
def publish_task_rows(*, tasks: Collection[int] | None = None) -> None:
    """Replace the rows of the tasks with these ids, or of all tasks, by what counts now."""
    old, currents = TaskRow.objects.all(), CurrentResult.objects.all()
    if tasks is not None:
        old, currents = old.filter(task__in=tasks), currents.filter(task__in=tasks)
    old._raw_delete("default")
    rows = _rows(currents)
    while some := list(islice(rows, _ROWS_AT_ONCE)):
        _copy(some)


def _copy(rows: Iterable[tuple[Any, ...]]) -> None:
    statement = f"COPY {TaskRow._meta.db_table} ({', '.join(_COLUMNS)}) FROM STDIN"
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.write(b"".join(map(copy_line, rows)))


def _rows(currents: QuerySet[CurrentResult]) -> Iterator[tuple[Any, ...]]:
    """Values of `_COLUMNS`, once for both scopes where the same results count in them."""
    cells = _declared_cells(currents)
    for task_id, of_task in groupby(_counting(currents), lambda counting: counting.task_id):
        results = list(of_task)
        official, everything = (_in_scope(results, scope) for scope in (Scope.OFFICIAL, Scope.ALL))
        if official == everything:
            tables = [(True, True, official)]
        else:
            tables = [(True, False, official), (False, True, everything)]
        for in_official, in_all, counting in tables:
            for row in task_table(_parts(counting, cells)):
                yield in_official, in_all, task_id, *row


def _counting(currents: QuerySet[CurrentResult]) -> Iterator[_Counting]:
    """Task by task."""
    rows = currents.order_by("task_id").values_list(
        "task_id",
        "variant__model_meta_id",
        "variant__experiment_id",
        "variant__experiment_name",
        "official_part",
        "all_part",
        "variant_id",
        "result_id",
        "result__cell_set_id",
        "result__main_scores",
    )
    return map(_Counting._make, rows.iterator(5000))


def _in_scope(results: Iterable[_Counting], scope: Scope) -> list[_Counting]:
    """The results that count in the scope, row by row, in the order in which they merge."""
    counting = [result for result in results if result.part(scope) is not None]
    return sorted(counting, key=lambda result: (*result[1:4], result.part(scope)))


def _parts(counting: Iterable[_Counting], cells: Mapping[int, DeclaredCells]) -> Iterator[Part]:
    for result in counting:
        yield Part(
            result.model_meta_id,
            result.experiment_id,
            result.variant_id,
            result.result_id,
            cells[result.cell_set_id],
            result.scores,
        )


def _declared_cells(currents: QuerySet[CurrentResult]) -> dict[int, DeclaredCells]:
    """Cell set -> its cells."""
    used = CellSet.objects.filter(pk__in=set(currents.order_by().values_list("result__cell_set", flat=True)))
    tasks = Task.objects.filter(pk__in=currents.order_by().values("task")).only("eval_splits", "hf_subsets").in_bulk()
    return {
        pk: DeclaredCells(tasks[task_id].declared(zip(splits, subsets, strict=True)))
        for pk, task_id, splits, subsets in used.values_list("pk", "task_id", "splits", "subsets").iterator()
    }
