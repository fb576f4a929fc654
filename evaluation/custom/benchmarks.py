"""Custom benchmarks: a folder with a description and the folders of its tasks, read and checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from evaluation.custom.data_files import Mistakes
from evaluation.custom.descriptions import Description, jsonable
from evaluation.custom.tasks import PART_NAME, CustomTaskError, TaskDefinition, read_reference, read_task

DEFAULT_AGGREGATIONS = ("mean_task", "mean_task_type", "task_types")


@dataclass(frozen=True)
class GroupDefinition:
    """A bucket of the benchmark's own grouping; `tasks` are task names."""

    dimension: str
    label: str
    tasks: tuple[str, ...]
    description: str = ""


@dataclass(frozen=True)
class BenchmarkDefinition:
    folder: Path
    name: str
    display_name: str
    description: str
    tasks: tuple[TaskDefinition, ...]
    menu_path: tuple[str, ...] = ("Custom",)
    aggregations: tuple[str, ...] = DEFAULT_AGGREGATIONS
    language_view: tuple[str, ...] = ()
    groups: tuple[GroupDefinition, ...] = ()
    reference: str = ""
    citation: str = ""

    def to_json(self) -> dict[str, Any]:
        return jsonable({**asdict(self), "tasks": [task.to_json() for task in self.tasks]})


def read_benchmark_folder(folder: Path) -> BenchmarkDefinition:
    """The benchmark in `folder`, which may be a single task. Raises CustomTaskError with everything that is wrong."""
    folder = folder.resolve()
    mistakes = Mistakes(folder)
    is_single = (folder / "task.toml").is_file() and not (folder / "benchmark.toml").is_file()
    definition = _benchmark_of_one(folder, mistakes) if is_single else _read_benchmark(folder, mistakes)
    if mistakes.sentences:
        raise CustomTaskError(mistakes.told())
    return definition


def _read_benchmark(folder: Path, mistakes: Mistakes) -> BenchmarkDefinition:
    description = Description(folder / "benchmark.toml", mistakes)
    name = description.text("name")
    if len(name) > 120:
        description.wrong("the name is longer than 120 characters.")
    folders = description.texts("tasks") or sorted(path.parent.name for path in folder.glob("*/task.toml"))
    if not folders:
        description.wrong("no task: put each task into a folder of its own beside this file, with a task.toml in it.")
    groups = description.fields.pop("groups", [])
    tasks = []
    for task_folder in folders:
        if PART_NAME.fullmatch(task_folder) and (folder / task_folder).is_dir():
            tasks.append(read_task(folder / task_folder, mistakes))
        else:
            description.wrong(f'"tasks" names the folder "{task_folder}", which does not exist beside this file.')
    _check_task_names(description, tasks)
    definition = BenchmarkDefinition(
        folder=folder,
        name=name,
        display_name=description.text("display_name", name),
        description=description.text("description"),
        tasks=tuple(tasks),
        menu_path=description.texts("menu", ("Custom",)),
        aggregations=_read_aggregations(description),
        language_view=description.texts("language_view"),
        groups=_read_groups(description, groups, {task.name for task in tasks}),
        reference=read_reference(description),
        citation=description.text("citation", ""),
    )
    description.finish()
    return definition


def _benchmark_of_one(folder: Path, mistakes: Mistakes) -> BenchmarkDefinition:
    task = read_task(folder, mistakes)
    return BenchmarkDefinition(folder, task.name, task.name, task.description, (task,))


def _check_task_names(description: Description, tasks: Sequence[TaskDefinition]) -> None:
    folders: dict[str, str] = {}
    for task in tasks:
        first = folders.setdefault(task.name.lower(), task.folder.name)
        if task.name and first != task.folder.name:
            description.wrong(f'the folders "{first}" and "{task.folder.name}" both define the task "{task.name}".')


def _read_aggregations(description: Description) -> tuple[str, ...]:
    aggregations = description.texts("aggregations", DEFAULT_AGGREGATIONS)
    for aggregation in aggregations:
        if aggregation not in DEFAULT_AGGREGATIONS:
            known = ", ".join(DEFAULT_AGGREGATIONS)
            description.wrong(f'the aggregation "{aggregation}" is unknown; use some of {known}.')
    return aggregations


def _read_groups(description: Description, groups: object, task_names: set[str]) -> tuple[GroupDefinition, ...]:
    if not isinstance(groups, list) or not all(isinstance(group, dict) for group in groups):
        description.wrong("write each group as a table [[groups]] with dimension, label and tasks.")
        return ()
    definitions = []
    for group in groups:
        unknown = set(group) - {"dimension", "label", "tasks", "description"}
        texts_missing = not all(isinstance(group.get(name), str) and group[name] for name in ("dimension", "label"))
        members = group.get("tasks")
        if unknown or texts_missing or not isinstance(members, list) or not members:
            description.wrong("a table [[groups]] needs dimension, label and tasks, and may have a description.")
            continue
        for member in members:
            if member not in task_names:
                description.wrong(f'the group "{group["label"]}" names the task "{member}", which no folder defines.')
        definitions.append(
            GroupDefinition(group["dimension"], group["label"], tuple(map(str, members)), group.get("description", ""))
        )
    if len({(group.dimension, group.label) for group in definitions}) < len(definitions):
        description.wrong("two groups have the same dimension and label.")
    return tuple(definitions)
