"""How boards and models stood on earlier days."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery

from leaderboard.cell_means import mean_in_order
from leaderboard.models import (
    Benchmark,
    BoardSnapshot,
    CurrentResult,
    ModelMeta,
    RankRecord,
    Scope,
    TaskResult,
)
from leaderboard.rank_moves import Move, Standing, why


def snapshots(benchmark: Benchmark, scope: Scope) -> QuerySet[BoardSnapshot]:
    """The days on which the board changed, newest first."""
    return BoardSnapshot.objects.filter(benchmark=benchmark, scope=scope).order_by("-day")


def snapshot_on(benchmark: Benchmark, scope: Scope, day: date) -> BoardSnapshot | None:
    """How the board stood at the end of a day; None before it was first recorded."""
    return snapshots(benchmark, scope).filter(day__lte=day).first()


def ranking_on(benchmark: Benchmark, scope: Scope, day: date) -> QuerySet[RankRecord]:
    """The places on the board at the end of a day, in order."""
    return (
        RankRecord.objects.filter(benchmark=benchmark, scope=scope, since__lte=day)
        .filter(Q(until__isnull=True) | Q(until__gt=day))
        .order_by("rank", F("mean").desc(nulls_last=True), "model_meta__name", "experiment_id")
    )


@dataclass(frozen=True)
class Place:
    """What a row held from the day `since` on, up to and without the day `until` (None: it holds)."""

    since: date
    until: date | None
    rank: int
    mean: float | None
    n_done: int

    @property
    def standing(self) -> Standing:
        return Standing(self.rank, self.mean, self.n_done)

    def holds_on(self, day: date) -> bool:
        return self.since <= day and (self.until is None or day < self.until)


@dataclass(frozen=True)
class Series:
    """The places of a row on a board, oldest first. There is a gap where it was off the board."""

    model_name: str
    experiment_id: str
    places: list[Place]

    def on(self, day: date) -> Place | None:
        """The place at the end of a day."""
        return next((place for place in self.places if place.holds_on(day)), None)


@dataclass(frozen=True)
class TopHistory:
    """The rows that lead a board now, best first, with their past; `days` are those on which the board changed."""

    days: list[date]
    series: list[Series]


_PLACE = ("since", "until", "rank", "mean", "n_done")


def top_history(benchmark: Benchmark, scope: Scope, n: int = 10) -> TopHistory:
    """The past of the board's first `n` rows."""
    records = RankRecord.objects.filter(benchmark=benchmark, scope=scope)
    held = records.filter(until__isnull=True).order_by("rank", F("mean").desc(nulls_last=True), "model_meta__name")
    top = list(held.values_list("model_meta_id", "experiment_id")[:n])
    past = (
        records.filter(model_meta__in={model_id for model_id, _ in top})
        .order_by("model_meta_id", "experiment_id", "since")
        .values_list("model_meta_id", "experiment_id", "model_meta__name", *_PLACE)
    )
    found: dict[Any, Series] = {}
    for model_id, experiment_id, name, *place in past:
        row = found.setdefault((model_id, experiment_id), Series(name, experiment_id, []))
        row.places.append(Place(*place))
    days = list(snapshots(benchmark, scope).order_by("day").values_list("day", flat=True))
    return TopHistory(days, [found[key] for key in top])


def spread(days: Sequence[date], n: int) -> list[date]:
    """At most `n` of the days, evenly spread, with the first and the last among them."""
    if len(days) <= n:
        return list(days)
    return [days[round(i * (len(days) - 1) / (n - 1))] for i in range(n)]


@dataclass(frozen=True)
class Lead:
    """Who had rank 1 from when until when; `mean` is the latest of that time."""

    model_name: str
    experiment_id: str
    since: date
    until: date | None
    mean: float | None


def leads(benchmark: Benchmark, scope: Scope) -> list[Lead]:
    """Who led the board when, the latest first; rows with equal points lead together."""
    records = (
        RankRecord.objects.filter(benchmark=benchmark, scope=scope, rank=1)
        .order_by("model_meta__name", "experiment_id", "since")
        .values_list("model_meta__name", "experiment_id", "since", "until", "mean")
    )
    found: list[Lead] = []
    for name, experiment_id, since, until, mean in records:
        last = found[-1] if found else None
        if last and (last.model_name, last.experiment_id, last.until) == (name, experiment_id, since):
            found[-1] = Lead(name, experiment_id, last.since, until, mean)
        else:
            found.append(Lead(name, experiment_id, since, until, mean))
    return sorted(found, key=lambda lead: (lead.until is None, lead.since), reverse=True)


@dataclass(frozen=True)
class RankHistory:
    """The places of a model variant on a board, oldest first, each with the number of rows the board then had."""

    benchmark: Benchmark
    experiment_id: str
    places: list[Place]
    n_rows: list[int]

    @property
    def now(self) -> Place | None:
        """None where it has left the board."""
        return self.places[-1] if self.places[-1].until is None else None

    @property
    def first(self) -> Place:
        return self.places[0]

    @property
    def best(self) -> Place:
        """The best place, held first."""
        return min(self.places, key=lambda place: (place.rank, place.since))

    @property
    def latest(self) -> Place:
        return self.places[-1]


def rank_history(model_meta: ModelMeta, scope: Scope, benchmark: Benchmark | None = None) -> list[RankHistory]:
    """The model's places on every board that it is or was on, or on one; in the order of the menu."""
    snapshot = BoardSnapshot.objects.filter(benchmark=OuterRef("benchmark"), scope=scope, day=OuterRef("since"))
    records = (
        RankRecord.objects.filter(model_meta=model_meta, scope=scope)
        .annotate(n_rows=Subquery(snapshot.values("n_rows")))
        .order_by(
            F("benchmark__menu_position").asc(nulls_last=True), "benchmark__name", "benchmark", "experiment_id", "since"
        )
    )
    if benchmark is not None:
        records = records.filter(benchmark=benchmark)
    rows: Any = records.values_list("benchmark_id", "experiment_id", "n_rows", *_PLACE)
    groups = [(key, list(group)) for key, group in groupby(rows, lambda row: row[:2])]
    benchmarks = Benchmark.objects.only("name", "display_name", "slug").in_bulk([id_ for (id_, _), _ in groups])
    return [
        RankHistory(benchmarks[id_], experiment_id, [Place(*row[3:]) for row in group], [row[2] or 0 for row in group])
        for (id_, experiment_id), group in groups
    ]


@dataclass(frozen=True)
class Step:
    """A place in a model's past with how it came there; `move` is None where it did not move, or was first recorded."""

    place: Place
    n_rows: int
    move: Move | None
    is_first: bool


def rank_steps(model_meta: ModelMeta, history: RankHistory, scope: Scope) -> list[Step]:
    """The places of a history, latest first, each with how the model came there."""
    n_results = _results_by_day(model_meta, history, scope)
    recorded = list(snapshots(history.benchmark, scope).order_by("day"))
    tasks = [(snapshot.n_declared_tasks, snapshot.n_run_tasks) for snapshot in recorded]
    other_tasks = {snapshot.day for i, snapshot in enumerate(recorded) if i and tasks[i] != tasks[i - 1]}
    steps = []
    for i, (place, n_rows) in enumerate(zip(history.places, history.n_rows, strict=True)):
        last = history.places[i - 1] if i else None
        before = last.standing if last and last.until == place.since else None
        n = n_results.get(place.since, 0)
        reason = why(before, place.standing, n_results=n, other_tasks=place.since in other_tasks)
        stayed = before is not None and before.rank == place.rank
        move = Move(model_meta.name, history.experiment_id, before, place.standing, n, reason)
        steps.append(Step(place, n_rows, None if stayed or not i else move, is_first=not i))
    return steps[::-1]


def _results_by_day(model_meta: ModelMeta, history: RankHistory, scope: Scope) -> dict[date, int]:
    """How many results the variant got on tasks of the board, by day."""
    own = TaskResult.objects.filter(
        model_revision__model_meta=model_meta,
        variant__experiment_id=history.experiment_id,
        task__benchmark_tasks__benchmark=history.benchmark,
    )
    if scope == Scope.OFFICIAL:
        own = own.filter(source__kind=scope)
    return dict(own.values_list("created_at__date").annotate(n=Count("pk")).order_by())


@dataclass(frozen=True)
class StoredScore:
    """A result of a model on a task as it was stored, whether or not it counts."""

    result_id: int
    score: float | None
    n_cells: int
    model_revision: str
    dataset_revision: str | None
    mteb_version: str | None
    date: datetime | None
    stored_at: datetime
    origin: str
    counts: bool


@dataclass(frozen=True)
class ScoreHistory:
    """All results of a model variant on a task, in the order in which they were run."""

    task_name: str
    experiment_name: str
    scores: list[StoredScore]

    @property
    def change(self) -> float | None:
        """From the first to the last score; None with fewer than two of which it is known when they were run."""
        known = [stored.score for stored in self.scores if stored.score is not None and stored.date]
        return known[-1] - known[0] if len(known) > 1 else None


def score_history(model_meta: ModelMeta, scope: Scope) -> list[ScoreHistory]:
    """Of the tasks on which a variant of the model has several results, by task."""
    own = TaskResult.objects.filter(model_revision__model_meta=model_meta)
    if scope == Scope.OFFICIAL:
        own = own.filter(source__kind=scope)
    others = own.filter(task=OuterRef("task"), variant=OuterRef("variant")).exclude(pk=OuterRef("pk"))
    counting = CurrentResult.objects.in_scope(scope).filter(result=OuterRef("pk"))
    results = (
        own.filter(Exists(others))
        .annotate(counts=Exists(counting))
        .select_related("model_revision", "variant", "source", "task", "cell_set")
        .only(
            *("task__name", "task__eval_splits", "task__hf_subsets", "cell_set__splits", "cell_set__subsets"),
            *("model_revision__name", "variant__experiment_name", "source__kind", "dataset_revision", "mteb_version"),
            *("date", "main_scores", "created_at"),
        )
        .order_by("task__name", "variant__experiment_name", F("date").asc(nulls_first=True), "created_at", "pk")
    )
    groups = groupby(results, lambda result: (result.task.name, result.variant.experiment_name))
    return [ScoreHistory(*key, [_stored_score(result) for result in group]) for key, group in groups]


def _stored_score(result: Any) -> StoredScore:
    cells = result.task.declared(zip(result.cell_set.splits, result.cell_set.subsets, strict=True))
    scored = _scored(cells, result.main_scores)
    return StoredScore(
        result_id=result.pk,
        score=mean_in_order(scored),
        n_cells=len(scored),
        model_revision=result.model_revision.name,
        dataset_revision=result.dataset_revision,
        mteb_version=result.mteb_version,
        date=result.date,
        stored_at=result.created_at,
        origin=result.source.kind,
        counts=result.counts,
    )


def _scored(cells: Iterable[Any], scores: Iterable[float | None]) -> list[float]:
    return [score for cell, score in zip(cells, scores, strict=True) if cell is not None and score is not None]
