"""What somebody asks for, as the form gives it to the services, and the small languages of its text fields."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from evaluation.selectors.cells import UnitCells
    from leaderboard.models import Benchmark, Task
    from submissions.models import Organisation


@dataclass(frozen=True)
class Wish:
    """A model and what to do with it.

    `parts` are tasks that are asked for in part. `training_data` is {tasks: {task: split or data}, datasets: [name]},
    None where it is not disclosed. `edits` are texts by field, as they stand in the form. `token` opens the model.
    """

    model_name: str
    revision: str = ""
    local_path: str = ""
    benchmarks: Sequence[Benchmark] = ()
    tasks: Sequence[Task] = ()
    parts: Mapping[Task, UnitCells] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    batch_size: int | None = None
    training_data: Mapping[str, Any] | None = None
    declined: Mapping[Task, str] = field(default_factory=dict)
    edits: Mapping[str, str] = field(default_factory=dict)
    is_private: bool = False
    embargo_until: datetime | None = None
    organisation: Organisation | None = None
    keeps_predictions: bool = False
    note: str = ""
    token: str = field(default="", repr=False)


@dataclass(frozen=True)
class NamedTask:
    """A task as somebody wrote it: `STS17 split=test subset=en-en,es-es`. None: all that the task has by default."""

    name: str
    splits: tuple[str, ...] | None = None
    subsets: tuple[str, ...] | None = None

    @property
    def is_partial(self) -> bool:
        return self.splits is not None or self.subsets is not None

    def __str__(self) -> str:
        splits = f" split={','.join(self.splits)}" if self.splits else ""
        subsets = f" subset={','.join(self.subsets)}" if self.subsets else ""
        return f"{self.name}{splits}{subsets}"


class Unreadable(ValueError):
    """The message is a sentence for the person who typed it."""


def read_tasks(text: str) -> list[NamedTask]:
    """One or more names on a line, each followed by what is wanted of it. Raises Unreadable."""
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    for line in re.split(r"[\n;]", text):
        current: dict[str, tuple[str, ...]] | None = None
        for word in line.split():
            key, is_option, values = word.partition("=")
            if not is_option:
                for name in filter(None, word.split(",")):
                    current = found.setdefault(name, {})
                continue
            if key not in {"split", "subset"} or not values.strip(",") or current is None:
                raise Unreadable(
                    f"“{word}” cannot be read. Write a task, then split=… or subset=…, with commas between."
                )
            current[key] = tuple(dict.fromkeys(filter(None, values.split(","))))
    return [NamedTask(name, options.get("split"), options.get("subset")) for name, options in found.items()]


def read_pairs(text: str) -> dict[str, str]:
    """`name: words` on each line; a line without a colon is a name without words."""
    lines = (line.partition(":") for line in text.splitlines() if line.strip())
    return {name.strip(): words.strip() for name, _, words in lines if name.strip()}


def read_names(text: str) -> list[str]:
    """Names, on lines of their own or between commas."""
    return list(dict.fromkeys(name.strip() for name in re.split(r"[\n,;]", text) if name.strip()))
