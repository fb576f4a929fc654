"""Boards that readers put together: any tasks, grouped and weighed, ranked like every other board."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from django.utils import timezone

from leaderboard.cube import Cube
from leaderboard.frames import GroupDefinition, MemberDefinition, build_cube, load_meta_facts, load_results
from leaderboard.models import Benchmark, BenchmarkTask, DataVersion, Origin, Scope, Task
from leaderboard.own_boards import Choice, UnreadableBoard, choices_text
from leaderboard.ranking import MEAN_TASK, MEAN_TASK_TYPE, TASK_TYPES

GROUPS = "Group"
UNTITLED = "A board of one's own"


@dataclass(frozen=True)
class OwnBoard:
    """In place of a stored board: made of an address, and computed when somebody looks."""

    benchmark: Benchmark
    scope: Scope
    choices: tuple[Choice, ...]
    tasks: list[BenchmarkTask]
    groups: list[GroupDefinition]
    computed_at: datetime
    data_version: int
    languages: list[str] = field(default_factory=list)
    n_rows: int = 0

    @property
    def pk(self) -> str:
        return f"{self.scope} {self.data_version} {choices_text(self.choices)}"

    @property
    def n_declared_tasks(self) -> int:
        return len(self.tasks)

    @cached_property
    def cube(self) -> Cube | None:
        ids = [entry.task_id for entry in self.tasks]
        return build_cube(self, load_results([self.scope], ids)[self.scope], load_meta_facts())


def own_board(title: str, choices: Sequence[Choice], scope: Scope) -> OwnBoard:
    """The board of these choices, each task with its own splits and subsets. Raises UnreadableBoard."""
    known = {task.name: task for task in Task.objects.filter(name__in=[choice.task for choice in choices])}
    missing = [choice.task for choice in choices if choice.task not in known]
    if missing:
        raise UnreadableBoard(f"There is no task {missing[0]}. Take it out, or look for it among all tasks.")
    benchmark = Benchmark(
        name=title or UNTITLED,
        slug="own",
        origin=Origin.CUSTOM,
        aggregations=[MEAN_TASK, MEAN_TASK_TYPE, TASK_TYPES],
    )
    tasks = [
        BenchmarkTask(
            benchmark=benchmark,
            task=known[choice.task],
            position=position,
            weight=choice.weight,
            splits=known[choice.task].eval_splits,
            subsets=known[choice.task].hf_subsets,
        )
        for position, choice in enumerate(choices)
    ]
    version = DataVersion.objects.order_by("-number").first()
    return OwnBoard(
        benchmark=benchmark,
        scope=scope,
        choices=tuple(choices),
        tasks=tasks,
        groups=_groups(choices, known),
        computed_at=version.changed_at if version else timezone.now(),
        data_version=version.number if version else 0,
    )


def _groups(choices: Sequence[Choice], known: dict[str, Task]) -> list[GroupDefinition]:
    labels = dict.fromkeys(choice.group for choice in choices if choice.group)
    return [
        GroupDefinition(
            GROUPS, label, [MemberDefinition(known[choice.task].pk) for choice in choices if choice.group == label]
        )
        for label in labels
    ]


def choices_of(benchmark: Benchmark) -> list[Choice]:
    """The tasks of a benchmark as a start for a board of one's own; narrowed tasks become whole ones."""
    entries = BenchmarkTask.objects.filter(benchmark=benchmark).order_by("position")
    return [Choice(name, weight) for name, weight in entries.values_list("task__name", "weight")]
