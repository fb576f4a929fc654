"""Names as the search sees them: in small letters, and cut where a reader sees a new word."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import get_close_matches

MAX_LENGTH = 100
_HUMP = re.compile(r"([a-z0-9])([A-Z])")
_BETWEEN = re.compile(r"[^\w+#]+|_")

EQUAL, BEGINS, WORDS_BEGIN, WITHIN = range(4)


def cleaned(text: str) -> str:
    """What was typed, without what cannot be part of a name."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())[:MAX_LENGTH]


def terms(text: str) -> list[str]:
    """The words to look for, each once."""
    return list(dict.fromkeys(_BETWEEN.sub(" ", text.lower()).split()))


def words_of(name: str) -> str:
    """The words of a name, and where it has humps, once more with the humps cut.

    `org/MiniLM-L6` -> `org minilm l6 org mini lm l6`. The function leaderboard_words in the database does the same.
    """
    whole, cut = (_BETWEEN.sub(" ", text.lower()).strip() for text in (name, _HUMP.sub(r"\1 \2", name)))
    return whole if whole == cut else f"{whole} {cut}"


def nearness(name: str, wanted: Sequence[str]) -> int:
    """How well a name fits words that all occur in it, best first.

    It is what was typed, or begins with it; each word begins one of its words; or they occur somewhere.
    """
    typed = " ".join(wanted)
    whole, last = (_BETWEEN.sub(" ", text.lower()).strip() for text in (name, name.rpartition("/")[2]))
    if typed in (whole, last):
        return EQUAL
    if whole.startswith(typed) or last.startswith(typed):
        return BEGINS
    words = words_of(name).split()
    return WORDS_BEGIN if all(any(word.startswith(term) for word in words) for term in wanted) else WITHIN


def corrected(wanted: Sequence[str], names: Sequence[str]) -> str | None:
    """The words as the names spell them, or None where that changes nothing."""
    known = list(dict.fromkeys(word for name in names for word in words_of(name).split()))
    better = [term if term in known else next(iter(get_close_matches(term, known, 1, 0.6)), term) for term in wanted]
    return " ".join(better) if better != list(wanted) else None
