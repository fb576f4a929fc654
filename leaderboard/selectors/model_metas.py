"""What a model page asks: where the model stands, its results, what is missing, and its relatives."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

from django.db.models import Count, F, QuerySet, Sum

from leaderboard.lineage import Relative, family
from leaderboard.models import (
    Benchmark,
    BenchmarkTask,
    BoardRow,
    CurrentResult,
    ModelMeta,
    ModelRevision,
    Scope,
    SourceKind,
    Task,
    TaskResult,
    TaskRow,
    Variant,
)
from leaderboard.selectors import boards
from leaderboard.selectors.declined_tasks import declined_tasks
from leaderboard.selectors.results import CurrentScore
from leaderboard.selectors.staleness import stale_reasons
from leaderboard.selectors.verification import levels_by_reruns, own_rerun_agrees
from leaderboard.staleness import is_outdated
from leaderboard.strengths import TypeStrength, type_strengths
from leaderboard.verification import Level, result_level, row_level


@dataclass(slots=True)
class ModelScore:
    """What the model has on a task. `n_results` says how many results there are to choose from.

    `current`, the provenance, is there once `add_provenance` was called: reading it for a thousand results takes longer
    than everything else, and a page shows a hundred. With it comes `stale`: whether the result was made on another
    revision of the dataset than the registry names now; and `stale_reason`: what rules say against it.
    """

    result_id: int
    task_name: str
    task_type: str
    experiment_id: str
    score: float | None
    n_cells: int
    of_cells: int
    n_parts: int
    rank: int | None
    n_ranked: int
    percentile: float | None
    contaminated: bool
    n_results: int
    current: CurrentScore = field(init=False)
    stale: bool = field(init=False)
    stale_reason: str = field(init=False)

    @property
    def is_whole(self) -> bool:
        return self.n_cells >= self.of_cells


_SCORE_FIELDS = (
    "result_id",
    "task__name",
    "task__type",
    "experiment_id",
    "score",
    "n_cells",
    "of_cells",
    "n_parts",
    "rank",
    "n_ranked",
    "percentile",
)


def model_scores(model_meta: ModelMeta, scope: Scope) -> list[ModelScore]:
    """By task type, then task; without provenance."""
    contaminated = set(model_meta.contaminated_tasks or [])
    n_results = _results_per_task(model_meta)
    rows = TaskRow.objects.in_scope(scope).filter(model_meta=model_meta).values_list("task_id", *_SCORE_FIELDS)
    scores = [ModelScore(*(*facts, facts[1] in contaminated, n_results.get(task_id, 1))) for task_id, *facts in rows]
    return sorted(scores, key=lambda score: (score.task_type, score.task_name.lower(), score.experiment_id))


def _results_per_task(model_meta: ModelMeta) -> dict[int, int]:
    rows: Any = (
        TaskResult.objects.filter(model_revision__model_meta=model_meta)
        .values_list("task_id")
        .annotate(n=Count("pk"))
        .order_by()
    )
    return dict(rows)


def add_provenance(model_meta: ModelMeta, scores: Sequence[ModelScore]) -> None:
    """Say of each score where it comes from; of the leading result where several are merged."""
    results = TaskResult.objects.filter(pk__in=[score.result_id for score in scores])
    rows = results.values_list(
        *("pk", "model_revision__name", "dataset_revision", "mteb_version", "date", "source__kind", "source__name"),
        "task__dataset_revision",
        own_rerun_agrees(),
    )
    provenance = {pk: facts for pk, *facts in rows}
    by_reruns = levels_by_reruns()
    reasons = stale_reasons([score.result_id for score in scores])
    for score in scores:
        revision, dataset_revision, mteb_version, date, origin, source, registrys, agrees = provenance[score.result_id]
        of_model = by_reruns.get((model_meta.pk, score.experiment_id))
        score.stale_reason = " ".join(rule.reason for rule in reasons.get(score.result_id, ()))
        score.stale = is_outdated(dataset_revision, registrys)
        score.current = CurrentScore(
            result_id=score.result_id,
            model_id=model_meta.pk,
            model_name=model_meta.name,
            experiment_id=score.experiment_id,
            task_name=score.task_name,
            task_type=score.task_type,
            score=score.score,
            n_cells=score.n_cells,
            n_parts=score.n_parts,
            model_revision=revision,
            dataset_revision=dataset_revision,
            mteb_version=mteb_version,
            date=date,
            origin=origin,
            source=source,
            level=result_level(origin, agrees=agrees, of_model=of_model),
        )


def model_level(model_meta: ModelMeta) -> Level | None:
    """How far the model without settings of its own is verified; None without results that count."""
    current = CurrentResult.objects.in_scope(Scope.ALL).filter(
        variant__model_meta=model_meta, variant__experiment_id=""
    )
    origins = set(current.values_list("result__source__kind", flat=True))
    return row_level(origins, levels_by_reruns().get((model_meta.pk, ""))) if origins else None


def strengths(scores: Iterable[ModelScore]) -> list[TypeStrength]:
    """Of the base run; variants would count their tasks twice. A model with variants only is judged by them."""
    known = list(scores)
    base = [score for score in known if not score.experiment_id] or known
    return type_strengths((score.task_type, score.percentile) for score in base)


def standings(model_meta: ModelMeta, scope: Scope) -> QuerySet[BoardRow]:
    """The model's rows on all boards, those on the menu first."""
    return (
        BoardRow.objects.filter(model_meta=model_meta, board__scope=scope, position__isnull=False)
        .select_related("board__benchmark")
        .only(
            *("rank", "rank_low", "rank_high", "percentile", "experiment_id", "n_done", "zero_shot"),
            *boards.ALL_MEANS,
            *("board__n_declared_tasks", "board__n_rows"),
            *("board__benchmark__name", "board__benchmark__display_name", "board__benchmark__slug"),
            "board__benchmark__aggregations",
        )
        .order_by(F("board__benchmark__menu_position").asc(nulls_last=True), "board__benchmark__name", "position")
    )


def standing_on(model_meta: ModelMeta, slug: str, scope: Scope) -> BoardRow | None:
    """The model's row on one board: that of its base run, else that of its best variant. Without a slug the first."""
    rows = standings(model_meta, scope)
    return (rows.filter(board__benchmark__slug=slug).order_by("experiment_id", "position") if slug else rows).first()


class Lack(StrEnum):
    """Why a board has no score of a model on a task."""

    NOT_RUN = "not run"
    PARTIAL = "incomplete"
    DECLINED = "declined"


@dataclass(frozen=True)
class MissingTask:
    """A task that a board counts and blanks for the model. `can_be_run` says whether that may change here.

    `reason` is that of a declined task.
    """

    task: Task
    lack: Lack
    can_be_run: bool
    reason: str = ""


def missing_tasks(model_meta: ModelMeta | None, benchmark: Benchmark) -> list[MissingTask]:
    """The tasks that the board counts and the model's base run has no score on, in any source; by type.

    A model that nobody knows yet lacks all of them.
    """
    done = _done(model_meta, benchmark) if model_meta else set()
    started = set(_base_rows(model_meta).values_list("task_id", flat=True)) if model_meta else set()
    entries = (
        BenchmarkTask.objects.filter(benchmark=benchmark)
        .exclude(task__name__in=done)
        .select_related("task")
        .only("position", "task__name", "task__type", "task__origin", "task__in_registry", "task__is_public")
        .order_by("task__type", "position")
    )
    declined = declined_tasks([model_meta.pk]).get(model_meta.pk, {}) if model_meta else {}
    return [_missing_task(entry.task, declined.get(entry.task.name), started) for entry in entries]


def _missing_task(task: Task, declined: str | None, started: Collection[int]) -> MissingTask:
    if task.pk in started:
        return MissingTask(task, Lack.PARTIAL, task.can_be_run)
    if declined is not None:
        return MissingTask(task, Lack.DECLINED, can_be_run=False, reason=declined)
    return MissingTask(task, Lack.NOT_RUN, task.can_be_run)


def boards_to_fill() -> QuerySet[Benchmark]:
    """All boards as the menu lists them."""
    order = F("menu_position").asc(nulls_last=True), F("registry_order").asc(nulls_last=True), "name"
    return Benchmark.objects.only("name", "display_name", "slug").order_by(*order)


def _base_rows(model_meta: ModelMeta) -> QuerySet[TaskRow]:
    return TaskRow.objects.in_scope(Scope.ALL).filter(model_meta=model_meta, experiment_id="")


def _done(model_meta: ModelMeta, benchmark: Benchmark) -> set[str]:
    """Names of the tasks on which the board has a score of the model's base run."""
    row = (
        BoardRow.objects.filter(
            model_meta=model_meta, experiment_id="", board__benchmark=benchmark, board__scope=Scope.ALL
        )
        .values_list("board__task_names", "task_scores")
        .first()
    )
    names, scores = row or ([], [])
    return {name for name, score in zip(names, scores, strict=False) if score is not None}


class CountedRevision(NamedTuple):
    name: str
    n_results: int


def revisions_of(model_meta: ModelMeta) -> list[CountedRevision]:
    """Those with most results first."""
    revisions = ModelRevision.objects.filter(model_meta=model_meta).annotate(n=Count("results")).order_by("-n", "name")
    return [CountedRevision._make(facts) for facts in revisions.values_list("name", "n")]


def variants_of(model_meta: ModelMeta) -> QuerySet[Variant]:
    """Every way in which the model was run other than the default, with `n_results` each."""
    variants = Variant.objects.filter(model_meta=model_meta).exclude(experiment_name="")
    return variants.annotate(n_results=Count("results")).order_by("experiment_name")


def lineage_of(model_meta: ModelMeta) -> Relative:
    """The family that the model belongs to, from its first base down to what was made of it."""
    links: Any = ModelMeta.objects.filter(adapted_from__isnull=False).values_list("name", "adapted_from")
    return family(model_meta.name, links)


def superseded_by_this(model_meta: ModelMeta) -> list[str]:
    """Names of the models whose place this one takes."""
    older = ModelMeta.objects.filter(superseded_by=model_meta.name).order_by("name")
    return list(older.values_list("name", flat=True))


def known_models(names: Iterable[str]) -> set[str]:
    """Those among the names that have a page."""
    return set(ModelMeta.objects.filter(name__in=list(names)).values_list("name", flat=True))


def known_tasks(names: Iterable[str]) -> set[str]:
    """Those among the names that are tasks with a page."""
    return set(Task.objects.filter(name__in=list(names)).values_list("name", flat=True))


def dataset_paths(task_names: Iterable[str]) -> dict[str, str]:
    """Task -> the repository of its data, empty where it has none."""
    return dict(Task.objects.filter(name__in=list(task_names)).values_list("name", "dataset_path"))


@dataclass(frozen=True)
class Effort:
    """What evaluating the model here took. Sums run over the results that say it; None where none does."""

    n_results: int
    seconds: float | None
    kg_co2: float | None


def effort_here(model_meta: ModelMeta) -> Effort | None:
    """Of all runs of this board, None if there was none; what other people's unknown machines took says little."""
    runs = TaskResult.objects.filter(model_revision__model_meta=model_meta, source__kind=SourceKind.RUN)
    sums = runs.aggregate(n=Count("pk"), seconds=Sum("evaluation_time"), kg_co2=Sum("kg_co2_emissions"))
    return Effort(sums["n"], sums["seconds"], sums["kg_co2"]) if sums["n"] else None


def matching(scores: Iterable[ModelScore], *, task_type: str, words: str) -> list[ModelScore]:
    """The scores on tasks of a type, whose name holds every word; an empty type or no words leave all."""
    terms = words.lower().split()
    return [
        score
        for score in scores
        if task_type in ("", score.task_type) and all(term in score.task_name.lower() for term in terms)
    ]
