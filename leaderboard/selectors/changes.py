"""What changed on a day: new models, new results, and who moved on which board and why."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from django.db import connection
from django.db.models import Count, Exists, F, Max, OuterRef, QuerySet

from leaderboard.models import Benchmark, BoardSnapshot, ModelMeta, RankRecord, ResultSource, Scope, TaskResult
from leaderboard.rank_moves import Move, Reason, Standing, importance, why


@dataclass
class BoardChange:
    """What a day changed on a board.

    One that was recorded for the first time has no moves, only `leaders`. Rows that moved only because others did are
    counted (`n_pushed`, at most `furthest_push` places); there are moves of them where everything was asked for, and of
    one that lost or got the lead.
    """

    snapshot: BoardSnapshot
    previous: BoardSnapshot | None
    moves: list[Move] = field(default_factory=list)
    leaders: list[str] = field(default_factory=list)
    n_pushed: int = 0
    furthest_push: int = 0

    @property
    def benchmark(self) -> Benchmark:
        return self.snapshot.benchmark

    @property
    def is_first(self) -> bool:
        return self.previous is None

    @property
    def entered(self) -> list[Move]:
        return [move for move in self.moves if move.before is None]

    @property
    def left(self) -> list[Move]:
        return [move for move in self.moves if move.now is None]

    @property
    def new_leaders(self) -> list[Move]:
        return [move for move in self.moves if move.took_the_lead]

    @property
    def former_leaders(self) -> list[Move]:
        return [move for move in self.moves if move.lost_the_lead]

    @property
    def counts_other_tasks(self) -> bool:
        now, before = self.snapshot, self.previous
        return before is not None and (now.n_declared_tasks, now.n_run_tasks) != (
            before.n_declared_tasks,
            before.n_run_tasks,
        )


@dataclass(frozen=True)
class NewResults:
    """The results of a model that came from one kind of source on a day; `task_names` where they are few."""

    model_id: int
    model_name: str
    origin: str
    n_results: int
    latest: datetime
    task_names: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class NewModel:
    """A model that got its first result; `n_results` are those of that day."""

    name: str
    n_results: int


@dataclass(frozen=True)
class Day:
    """Everything that a day changed; of models that moved only because others did, only how many."""

    day: date
    results: list[NewResults]
    new_models: list[NewModel]
    announced: list[str]
    boards: list[BoardChange]

    @property
    def n_results(self) -> int:
        return sum(group.n_results for group in self.results)

    @property
    def n_models(self) -> int:
        return len({group.model_id for group in self.results})

    @property
    def first_recorded(self) -> list[BoardChange]:
        return [change for change in self.boards if change.is_first]

    @property
    def n_first_recorded_rows(self) -> int:
        return sum(change.snapshot.n_rows for change in self.first_recorded)

    @property
    def changed(self) -> list[BoardChange]:
        return [change for change in self.boards if not change.is_first]

    @property
    def n_moved(self) -> int:
        """Rows that moved on some board by themselves."""
        return sum(len(change.moves) for change in self.changed)

    @property
    def n_pushed(self) -> int:
        return sum(change.n_pushed for change in self.changed)

    @property
    def led_anew(self) -> list[BoardChange]:
        return [change for change in self.changed if change.new_leaders]

    @property
    def latest(self) -> datetime:
        """When the last change of the day was published."""
        moments = [group.latest for group in self.results] + [change.snapshot.recorded_at for change in self.boards]
        return max(moments, default=_span(self.day)[0])


def change_days(scope: Scope, benchmark: Benchmark | None = None) -> list[date]:
    """The days on which anything changed, newest first; with a benchmark, those on which its board did."""
    snapshots = BoardSnapshot.objects.filter(scope=scope)
    if benchmark is not None:
        return list(snapshots.filter(benchmark=benchmark).order_by("-day").values_list("day", flat=True))
    days = set(snapshots.order_by().values_list("day", flat=True).distinct())
    days.update(_result_days(scope))
    days.update(_known(scope).order_by().values_list("first_seen_at__date", flat=True).distinct())
    return sorted(days, reverse=True)


_RESULT_DAYS = """
    WITH RECURSIVE latest (created_at) AS (
        SELECT (SELECT max(created_at) FROM leaderboard_taskresult WHERE source_id = ANY(%(sources)s))
        UNION ALL
        SELECT (SELECT max(result.created_at) FROM leaderboard_taskresult AS result
                WHERE source_id = ANY(%(sources)s)
                  AND result.created_at < date_trunc('day', latest.created_at, 'UTC'))
        FROM latest WHERE latest.created_at IS NOT NULL)
    SELECT (created_at AT TIME ZONE 'UTC')::date FROM latest WHERE created_at IS NOT NULL
"""


def _result_days(scope: Scope) -> list[date]:
    """The days on which results were stored, found by stepping from day to day through the index."""
    sources = ResultSource.objects.all()
    if scope == Scope.OFFICIAL:
        sources = sources.filter(kind=scope)
    with connection.cursor() as cursor:
        cursor.execute(_RESULT_DAYS, {"sources": list(sources.values_list("pk", flat=True))})
        return [day for (day,) in cursor.fetchall()]


def _known(scope: Scope) -> QuerySet[ModelMeta]:
    """Models of which it was noted when they were first heard of."""
    known = ModelMeta.objects.filter(first_seen_at__isnull=False)
    return known.filter(in_registry=True) if scope == Scope.OFFICIAL else known


def _span(day: date) -> tuple[datetime, datetime]:
    """The day's first moment and the next day's."""
    start = datetime.combine(day, time(), UTC)
    return start, start + timedelta(days=1)


def _in_scope(scope: Scope, benchmark: Benchmark | None) -> QuerySet[TaskResult]:
    results = TaskResult.objects.all()
    if scope == Scope.OFFICIAL:
        results = results.filter(source__kind=scope)
    if benchmark is not None:
        results = results.filter(task__in=benchmark.tasks.values("pk"))
    return results


def _results_of(day: date, scope: Scope, benchmark: Benchmark | None) -> QuerySet[TaskResult]:
    start, end = _span(day)
    return _in_scope(scope, benchmark).filter(created_at__gte=start, created_at__lt=end)


FEW = 3
"""Up to so many results of a model are listed by task."""


def new_results(day: date, scope: Scope, benchmark: Benchmark | None = None) -> list[NewResults]:
    """The day's results by model and kind of source, most results first."""
    results = _results_of(day, scope, benchmark)
    key = ("model_revision__model_meta_id", "model_revision__model_meta__name", "source__kind")
    groups = results.values_list(*key).annotate(n=Count("pk"), latest=Max("created_at")).order_by("-n", *key[1:])
    rows = list(groups)
    few = results.filter(model_revision__model_meta__in={row[0] for row in rows if row[3] <= FEW})
    names: defaultdict[tuple[int, str], list[str]] = defaultdict(list)
    for model_id, kind, name in few.order_by("task__name").values_list(key[0], key[2], "task__name").distinct():
        names[model_id, kind].append(name)
    return [
        NewResults(model_id, name, kind, n, latest, names[model_id, kind] if n <= FEW else [])
        for model_id, name, kind, n, latest in rows
    ]


def new_models(day: date, scope: Scope) -> list[NewModel]:
    """Models that got their first result that day, most results first."""
    return _new_among(new_results(day, scope), day, scope)


def _new_among(results: Iterable[NewResults], day: date, scope: Scope) -> list[NewModel]:
    counts: Counter[int] = Counter()
    for group in results:
        counts[group.model_id] += group.n_results
    start, _ = _span(day)
    earlier = _in_scope(scope, None).filter(model_revision__model_meta=OuterRef("pk"), created_at__lt=start)
    fresh = ModelMeta.objects.filter(pk__in=list(counts)).exclude(Exists(earlier)).values_list("pk", "name")
    return sorted((NewModel(name, counts[pk]) for pk, name in fresh), key=lambda model: (-model.n_results, model.name))


def announced_models(day: date, scope: Scope) -> list[str]:
    """Models that were first heard of that day, and had no result by its end."""
    start, end = _span(day)
    results = _in_scope(scope, None).filter(model_revision__model_meta=OuterRef("pk"), created_at__lt=end)
    heard_of = _known(scope).filter(first_seen_at__gte=start, first_seen_at__lt=end)
    return list(heard_of.exclude(Exists(results)).order_by("name").values_list("name", flat=True))


def board_changes(
    day: date, scope: Scope, benchmark: Benchmark | None = None, *, everything: bool = False
) -> list[BoardChange]:
    """What the day changed on each board, in the order of the menu; `everything` lists pushed rows as well."""
    snapshots = (
        BoardSnapshot.objects.filter(day=day, scope=scope)
        .select_related("benchmark")
        .order_by(F("benchmark__menu_position").asc(nulls_last=True), "benchmark__name")
    )
    if benchmark is not None:
        snapshots = snapshots.filter(benchmark=benchmark)
    ids = [snapshot.benchmark_id for snapshot in snapshots]
    previous = _previous(ids, scope, day)
    changes = {id_: BoardChange(snapshot, previous.get(id_)) for id_, snapshot in zip(ids, snapshots, strict=True)}
    _add_leaders(changes, scope, day)
    _add_moves(changes, scope, day, everything=everything)
    return list(changes.values())


def _previous(ids: Sequence[int], scope: Scope, day: date) -> dict[int, BoardSnapshot]:
    """The last day before on which each board changed."""
    earlier = BoardSnapshot.objects.filter(benchmark__in=ids, scope=scope, day__lt=day)
    latest = earlier.order_by("benchmark_id", "-day").distinct("benchmark_id")
    return {snapshot.benchmark_id: snapshot for snapshot in latest}


def _add_leaders(changes: dict[int, BoardChange], scope: Scope, day: date) -> None:
    first = [id_ for id_, change in changes.items() if change.is_first]
    leaders = RankRecord.objects.filter(benchmark__in=first, scope=scope, since=day, rank=1)
    for id_, name in leaders.order_by("model_meta__name").values_list("benchmark_id", "model_meta__name"):
        changes[id_].leaders.append(name)


# The places that end on the day beside those that begin on it, where the rank is another.
_MOVES = """
    SELECT benchmark_id, model_meta_id, experiment_id,
           before.rank, before.mean, before.n_done, now.rank, now.mean, now.n_done
    FROM (
        SELECT * FROM leaderboard_rankrecord
        WHERE benchmark_id = ANY(%(benchmarks)s) AND scope = %(scope)s AND until = %(day)s
    ) AS before FULL JOIN (
        SELECT * FROM leaderboard_rankrecord
        WHERE benchmark_id = ANY(%(benchmarks)s) AND scope = %(scope)s AND since = %(day)s
    ) AS now USING (benchmark_id, model_meta_id, experiment_id)
    WHERE before.rank IS DISTINCT FROM now.rank
"""


def _add_moves(changes: dict[int, BoardChange], scope: Scope, day: date, *, everything: bool) -> None:
    ids = [id_ for id_, change in changes.items() if not change.is_first]
    with connection.cursor() as cursor:
        cursor.execute(_MOVES, {"benchmarks": ids, "scope": scope.value, "day": day})
        rows = cursor.fetchall()
    n_results = _own_results(ids, scope, day) if rows else {}
    other_tasks = {id_ for id_ in ids if changes[id_].counts_other_tasks}
    moved = []
    for id_, model_id, experiment_id, *standings in rows:
        before = Standing(*standings[:3]) if standings[0] is not None else None
        now = Standing(*standings[3:]) if standings[3] is not None else None
        n = n_results.get((id_, model_id, experiment_id), 0)
        reason = why(before, now, n_results=n, other_tasks=id_ in other_tasks)
        at_the_top = 1 in (before and before.rank, now and now.rank)
        if reason == Reason.OTHERS and before and now and not at_the_top:
            changes[id_].n_pushed += 1
            changes[id_].furthest_push = max(changes[id_].furthest_push, abs(before.rank - now.rank))
        if everything or at_the_top or reason != Reason.OTHERS:
            moved.append((id_, model_id, experiment_id, before, now, n, reason))
    names = dict(ModelMeta.objects.filter(pk__in={move[1] for move in moved}).values_list("pk", "name"))
    for id_, model_id, *move in moved:
        changes[id_].moves.append(Move(names[model_id], *move))
    for change in changes.values():
        change.moves.sort(key=importance)


def _own_results(ids: Sequence[int], scope: Scope, day: date) -> dict[tuple[int, int, str], int]:
    """(benchmark, model, experiment id) -> how many results the day brought on tasks of the benchmark."""
    results = _results_of(day, scope, None).filter(task__benchmark_tasks__benchmark__in=ids)
    key = ("task__benchmark_tasks__benchmark_id", "variant__model_meta_id", "variant__experiment_id")
    rows = results.values_list(*key).annotate(n=Count("pk")).order_by()
    return {(id_, model_id, experiment_id): n for id_, model_id, experiment_id, n in rows}


def changes_on(day: date, scope: Scope, benchmark: Benchmark | None = None, *, everything: bool = False) -> Day:
    """What a day changed; with a benchmark, only what concerns its board."""
    results = new_results(day, scope, benchmark)
    return Day(
        day=day,
        results=results,
        new_models=[] if benchmark else _new_among(results, day, scope),
        announced=[] if benchmark else announced_models(day, scope),
        boards=board_changes(day, scope, benchmark, everything=everything),
    )
