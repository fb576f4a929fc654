"""A reader's own selection of tasks as it stands in an address: `STS13,SciFact*2;Short texts:Banking77Classification`.

Entries are separated by commas, a weight follows a star, and a semicolon begins a group, whose label stands before a
colon. Tasks without a label are in no group.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

MAX_TASKS = 400
MAX_WEIGHT = 100
MAX_LABEL = 40
MAX_TITLE = 80
_ENTRY = re.compile(r"([\w.()\-]+)(?:\*(\d{1,3}))?")
_NOT_IN_LABEL = re.compile(r"[,;:*\0]")


class UnreadableBoard(ValueError):
    """What of an address is no selection of tasks, in one sentence."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A task that counts `weight` times, in the group of that label if there is one."""

    task: str
    weight: int = 1
    group: str = ""


def parse_choices(text: str) -> list[Choice]:
    """The choices of an address, each task once. Raises UnreadableBoard."""
    choices: dict[str, Choice] = {}
    for part in text.replace("\0", "").split(";"):
        label, separator, entries = part.rpartition(":")
        for entry in filter(None, (entry.strip() for entry in entries.split(","))):
            match = _ENTRY.fullmatch(entry)
            if not match:
                raise UnreadableBoard(
                    f"{entry[:60]!r} is no task: write NAME or NAME*WEIGHT, with commas between them."
                )
            weight = int(match[2] or 1)
            if not 1 <= weight <= MAX_WEIGHT:
                raise UnreadableBoard(f"The weight of {match[1]} must be from 1 to {MAX_WEIGHT}.")
            choices.setdefault(match[1], Choice(match[1], weight, clean_label(label) if separator else ""))
    if len(choices) > MAX_TASKS:
        raise UnreadableBoard(f"A board of one's own takes up to {MAX_TASKS} tasks.")
    return list(choices.values())


def clean_label(text: str) -> str:
    """The label without what separates in an address."""
    return " ".join(_NOT_IN_LABEL.sub(" ", text).split())[:MAX_LABEL]


def choices_text(choices: Iterable[Choice]) -> str:
    """The choices as they stand in an address, group by group."""
    by_group = sorted(choices, key=lambda choice: choice.group)
    parts = []
    for label, members in groupby(by_group, lambda choice: choice.group):
        entries = ",".join(f"{one.task}*{one.weight}" if one.weight > 1 else one.task for one in members)
        parts.append(f"{label}:{entries}" if label else entries)
    return ";".join(parts)
