"""What is new in a log of which only the end is kept: found again by its last lines, not by counting characters."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

ANCHOR_CHARACTERS = 200


@dataclass(frozen=True)
class News:
    """Whole lines to add, the unfinished line after them, and the mark of where this ends.

    `anew`: the lines that a reader has are to be thrown away first.
    """

    lines: str
    partial: str
    mark: str
    anew: bool


def news(text: str, mark: str) -> News | None:
    """What `text` says after the place that `mark` names; None where that place is not in it (any more).

    The empty mark names the beginning: of a log, not of a text that was cut out of one.
    """
    lines, partial = _whole_lines(text)
    for end in _line_ends(lines) if mark else ():
        if _mark(lines, end) == mark:
            return News(lines[end:], partial, _mark(lines, len(lines)), anew=False)
    return None


def everything(text: str) -> News:
    """The text for a reader who has nothing, or something else."""
    lines, partial = _whole_lines(text)
    return News(lines, partial, _mark(lines, len(lines)), anew=True)


def from_a_line(text: str) -> str:
    """The text without the rest of the line in the middle of which it was cut."""
    return text.partition("\n")[2]


def _whole_lines(text: str) -> tuple[str, str]:
    end = text.rfind("\n") + 1
    return text[:end], text[end:]


def _line_ends(lines: str) -> list[int]:
    """The last first: a reader mostly lacks little."""
    return [position + 1 for position in range(len(lines) - 1, -1, -1) if lines[position] == "\n"]


def _mark(lines: str, end: int) -> str:
    anchor = lines[max(end - ANCHOR_CHARACTERS, 0) : end]
    return f"{zlib.crc32(anchor.encode()):x}" if anchor else ""
