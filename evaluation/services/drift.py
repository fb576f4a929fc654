"""Finding what is no longer as it was when results were made."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from django.db import transaction
from django.db.models import Count
from django.utils import timezone

from evaluation.models import DriftFinding, EvaluationUnit
from evaluation.selectors.repeating import results_at_other_commits
from leaderboard.models import CurrentResult, ModelMeta, Scope, SourceKind, Task, TaskResult
from leaderboard.selectors.staleness import TOLERANCE, result_score
from leaderboard.staleness import is_outdated

COMPARED_VERSIONS = ("mteb", "torch", "transformers", "sentence-transformers")


@dataclass(frozen=True)
class _Found:
    kind: DriftFinding.Kind
    task: Task | None
    summary: str
    n_results: int
    model_meta: ModelMeta | None = None
    earlier: TaskResult | None = None
    later: TaskResult | None = None


@transaction.atomic
def find_drift() -> int:
    """Compare everything anew, and note what differs and what no longer does; says how many findings are open."""
    now = timezone.now()
    found = [*_changed_datasets(), *_moved_scores(), *_mixed_environments(), *_moved_models()]
    for one in found:
        DriftFinding.objects.update_or_create(
            kind=one.kind,
            task=one.task,
            model_meta=one.model_meta,
            earlier=one.earlier,
            later=one.later,
            defaults={"summary": one.summary, "n_results": one.n_results, "last_found_at": now, "gone_at": None},
        )
    DriftFinding.objects.filter(last_found_at__lt=now, gone_at=None).update(gone_at=now)
    return len(found)


def _changed_datasets() -> Iterator[_Found]:
    """Tasks of which results count that were made on another revision than the registry or the folder has now."""
    counting = (
        CurrentResult.objects.in_scope(Scope.ALL)
        .values_list("task_id", "task__dataset_revision", "result__dataset_revision")
        .annotate(n=Count("pk"))
        .order_by()
    )
    n_outdated: dict[int, int] = defaultdict(int)
    for task_id, current, revision, n in counting:
        if is_outdated(revision, current):
            n_outdated[task_id] += n
    for task in Task.objects.filter(pk__in=n_outdated).only("name", "dataset_revision"):
        n = n_outdated[task.pk]
        yield _Found(
            DriftFinding.Kind.DATASET,
            task,
            f"{task} names dataset revision {task.dataset_revision[:8]}; {n} results that count are on others.",
            n,
        )


def _moved_scores() -> Iterator[_Found]:
    """Runs of ours of one model, revision and variant on the same data whose scores differ beyond the tolerance."""
    for pair in _reruns():
        for earlier, later in pairwise(pair):
            before, after = result_score(earlier), result_score(later)
            if before is None or after is None or abs(after - before) <= TOLERANCE:
                continue
            model_meta = later.model_revision.model_meta
            yield _Found(
                DriftFinding.Kind.SCORE,
                later.task,
                f"{model_meta} on {later.task}: {before * 100:.2f} with mteb {earlier.mteb_version or 'unknown'}, "
                f"{after * 100:.2f} with mteb {later.mteb_version or 'unknown'}.",
                1,
                model_meta,
                earlier,
                later,
            )


def _reruns() -> Iterator[list[TaskResult]]:
    """Results of ours that ought to be equal, in the order in which they were stored."""
    runs = TaskResult.objects.filter(source__kind=SourceKind.RUN)
    same = ("model_revision_id", "variant_id", "task_id", "dataset_revision", "cell_set_id")
    several = runs.values(*same).annotate(n=Count("pk")).filter(n__gt=1).order_by()
    for group in several:
        of_group = {name: group[name] for name in same if group[name] is not None}
        if group["dataset_revision"] is None:
            of_group["dataset_revision__isnull"] = True
        results = runs.filter(**of_group).select_related("task", "model_revision__model_meta", "cell_set")
        yield list(results.defer("payload").order_by("pk"))


def _mixed_environments() -> Iterator[_Found]:
    """Tasks of which results of ours count that were made with different versions of what scores depend on."""
    units = EvaluationUnit.objects.filter(
        result__current__all_part__isnull=False, environment__isnull=False
    ).values_list("task_id", "environment__versions")
    versions: dict[int, dict[tuple[str, ...], int]] = defaultdict(lambda: defaultdict(int))
    for task_id, of_unit in units.iterator():
        versions[task_id][tuple(str((of_unit or {}).get(name) or "unknown") for name in COMPARED_VERSIONS)] += 1
    mixed = {task_id: counts for task_id, counts in versions.items() if len(counts) > 1}
    for task in Task.objects.filter(pk__in=mixed).only("name"):
        counts = mixed[task.pk]
        differing = [
            f"{name} {', '.join(sorted({key[place] for key in counts}))}"
            for place, name in enumerate(COMPARED_VERSIONS)
            if len({key[place] for key in counts}) > 1
        ]
        n = sum(counts.values())
        yield _Found(
            DriftFinding.Kind.ENVIRONMENT, task, f"{task}: {n} results that count come from {'; '.join(differing)}.", n
        )


def _moved_models() -> Iterator[_Found]:
    """Models of which results of ours count that are of another commit than the Hub had when it was read last."""
    of_models = (
        results_at_other_commits().values_list("model_revision__model_meta").annotate(n=Count("pk", distinct=True))
    )
    n_results = dict(of_models.order_by())
    for model_meta in ModelMeta.objects.filter(pk__in=n_results).only("name", "hub_commit"):
        n = n_results[model_meta.pk]
        yield _Found(
            DriftFinding.Kind.MODEL,
            None,
            f"{model_meta} is at {(model_meta.hub_commit or '')[:8]} on the Hub; {n} results of ours that count are of "
            "other commits.",
            n,
            model_meta,
        )
