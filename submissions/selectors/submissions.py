"""Reads of submissions, one function per question that a page asks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import Case, Count, F, Prefetch, Q, QuerySet, When

from evaluation.models import EvaluationUnit
from evaluation.selectors.cells import UnitCells, cells_wanted, covers, holds
from leaderboard.experiments import experiment_name
from leaderboard.models import Benchmark, ModelMeta, Origin, SourceKind, Task, TaskResult
from leaderboard.selectors.model_metas import missing_tasks
from submissions.checks import Standing, WantedTask
from submissions.models import Submission, SubmissionMessage, Visibility
from submissions.selectors.organisations import of_teammates

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def visible_submissions(user: User | AnonymousUser) -> QuerySet[Submission]:
    """Their own and those of their organisations; all of them for who may view submissions."""
    if user.has_perm("submissions.view_submission"):
        return Submission.objects.all()
    return Submission.objects.filter(Q(submitter_id=user.pk) | of_teammates(user))


def may_see(user: User | AnonymousUser, submission: Submission) -> bool:
    return visible_submissions(user).filter(pk=submission.pk).exists()


def submission_list(user: User | AnonymousUser) -> QuerySet[Submission]:
    return visible_submissions(user).select_related("submitter", "run").prefetch_related("benchmarks")


def submission_detail(user: User | AnonymousUser) -> QuerySet[Submission]:
    """With the submissions before and after it, as far as the person may see them."""
    return (
        visible_submissions(user)
        .select_related("submitter", "decided_by", "run__model_meta", "plausibility")
        .prefetch_related(
            Prefetch("previous", visible_submissions(user)),
            "benchmarks",
            "tasks",
            Prefetch("following", visible_submissions(user)),
            "history__edited_by",
            Prefetch("messages", SubmissionMessage.objects.select_related("author")),
        )
    )


def boards_to_choose() -> QuerySet[Benchmark]:
    """Boards with something to run, each with its number of such tasks as `n_tasks`.

    This board's own come first, then the others as the menu orders them, then those that stand in no menu.
    """
    runnable = Q(tasks__origin=Origin.CUSTOM) | Q(
        tasks__origin=Origin.REGISTRY, tasks__in_registry=True, tasks__is_public=True
    )
    return (
        Benchmark.objects.annotate(n_tasks=Count("tasks", filter=runnable))
        .filter(n_tasks__gt=0)
        .order_by(
            Case(When(origin=Origin.CUSTOM, then=0), When(menu_path__len=0, then=2), default=1),
            "menu_path",
            "menu_position",
            "name",
        )
    )


def board_chosen_first() -> Benchmark | None:
    """The first board of this installation's own, which is the starter board unless it was removed."""
    return Benchmark.objects.filter(origin=Origin.CUSTOM).order_by("pk").first()


def missing_task_names(model_name: str, slug: str) -> list[str]:
    """The tasks of a board that can be run and have no complete score of the model; all of them for a new model."""
    benchmark = Benchmark.objects.filter(slug=slug).first()
    if benchmark is None:
        return []
    model_meta = ModelMeta.objects.filter(name=model_name).first()
    return [gap.task.name for gap in missing_tasks(model_meta, benchmark) if gap.can_be_run]


def cells_of(submission: Submission) -> dict[Task, UnitCells]:
    """What the submission asks to evaluate of each task."""
    return cells_wanted(
        tasks=submission.tasks.all(), parts=parts_of(submission), benchmarks=list(submission.benchmarks.all())
    )


def parts_of(submission: Submission) -> dict[Task, UnitCells]:
    """The tasks that are asked for in part."""
    tasks = Task.objects.filter(name__in=submission.parts)
    return {
        task: UnitCells(submission.parts[task.name]["splits"], submission.parts[task.name]["subsets"]) for task in tasks
    }


def wanted_tasks(cells: Mapping[Task, UnitCells]) -> list[WantedTask]:
    return [WantedTask(task.name, modalities=frozenset(task.modalities), can_run=task.can_be_run) for task in cells]


@dataclass(frozen=True)
class Candidate:
    """A model at a commit with settings, on some cells, that somebody thinks of submitting.

    What the person must not know of is left out of every answer. `besides` is the submission that is only changed.
    """

    model_name: str
    model_revision: str
    cells: Mapping[Task, UnitCells]
    settings: Mapping[str, Any]
    asked_by: User | None
    is_local: bool = False
    is_private: bool = False
    besides: Submission | None = None


def standing(candidate: Candidate) -> Standing:
    """What is known of the model at this commit on these cells."""
    name = candidate.model_name
    units = _covering_units(candidate)
    queued = {unit.task.name: unit.run_id for unit in units if not unit.is_finished}
    reported = TaskResult.objects.exclude(source__kind=SourceKind.RUN).filter(
        model_revision__model_meta__name=name,
        model_revision__name=candidate.model_revision,
        variant__experiment_name=experiment_name(candidate.settings),
    )
    known = ModelMeta.objects.filter(name=name).first()
    waiting = _waiting(candidate)
    return Standing(
        pending_submission=next(iter(waiting.values()), None),
        waiting=frozenset(waiting),
        unfinished_run=next(iter(queued.values()), None),
        evaluated=frozenset(unit.task.name for unit in units if unit.is_finished),
        queued=frozenset(queued),
        reported=frozenset(reported.values_list("task__name", flat=True)),
        name_is_taken=known is not None and known.local_path is not None and not candidate.is_local,
        is_in_registry=known is not None and known.in_registry,
    )


def _waiting(candidate: Candidate) -> dict[str, int]:
    """The tasks on which a submission that waits covers all that is wanted: {task: submission}.

    Public submissions count, and the person's own.
    """
    known = Q(visibility=Visibility.PUBLIC)
    if candidate.asked_by is not None:
        known |= Q(submitter=candidate.asked_by)
    waiting = Submission.objects.pending().filter(
        known,
        model_name=candidate.model_name,
        model_revision=candidate.model_revision,
        settings=dict(candidate.settings),
    )
    if candidate.besides is not None:
        waiting = waiting.exclude(pk=candidate.besides.pk)
    found: dict[str, int] = {}
    for submission in waiting.prefetch_related("benchmarks", "tasks").order_by("pk"):
        asked = cells_of(submission)
        for task, wanted in candidate.cells.items():
            if task in asked and task.name not in submission.declined and holds(task, asked[task], wanted):
                found.setdefault(task.name, submission.pk)
    return found


def tasks_left_out(submission: Submission, cells: Mapping[Task, UnitCells]) -> list[Task]:
    """Those that cannot run here, that the model declines, that were evaluated, or that are queued."""
    units = _covering_units(
        Candidate(
            submission.model_name,
            submission.model_revision,
            cells,
            submission.settings,
            submission.submitter,
            is_private=submission.is_hidden,
        )
    )
    covered = {unit.task_id for unit in units}
    return [task for task in cells if task.pk in covered or not task.can_be_run or task.name in submission.declined]


def _covering_units(candidate: Candidate) -> list[EvaluationUnit]:
    """Units of the model that did or will do all that is wanted of their task, on the data as they are now.

    Whoever asks in public is not told of private runs; who asks in private is told of public ones and their own.
    """
    state = EvaluationUnit.State
    unchanged = Q(result__dataset_revision=F("task__dataset_revision")) | Q(
        withheld_result__dataset_revision=F("task__dataset_revision")
    )
    visible = Q(run__is_private=False)
    if candidate.is_private and candidate.asked_by is not None:
        visible |= Q(run__requested_by=candidate.asked_by)
    units = (
        EvaluationUnit.objects.filter(
            visible,
            run__model_meta__name=candidate.model_name,
            run__revision=candidate.model_revision,
            run__settings=dict(candidate.settings),
            task__in=list(candidate.cells),
        )
        .filter(Q(state__in=[state.QUEUED, state.RUNNING]) | Q(state=state.DONE) & unchanged)
        .select_related("task")
        .defer("log")
    )
    return [unit for unit in units if covers(unit, candidate.cells[unit.task])]
