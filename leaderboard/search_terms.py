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
    return list(dict.fromkeys(_flat(text).split()))


def words_of(name: str) -> str:
    """The words of a name, and where it has humps, once more with the humps cut.

    `org/MiniLM-L6` -> `org minilm l6 org mini lm l6`. The function leaderboard_words in the database does the same.
    """
    whole, cut = _flat(name), _flat(_HUMP.sub(r"\1 \2", name))
    return whole if whole == cut else f"{whole} {cut}"


def _flat(name: str) -> str:
    return _BETWEEN.sub(" ", name.lower()).strip()


def nearness(name: str, wanted: Sequence[str]) -> int:
    """How well a name fits words that all occur in it, best first.

    It is what was typed, or begins with it; each word begins one of its words; or they occur somewhere.
    """
    typed = " ".join(wanted)
    whole, last = _flat(name), _flat(name.rpartition("/")[2])
    if typed in (whole, last):
        return EQUAL
    if whole.startswith(typed) or last.startswith(typed):
        return BEGINS
    words = f" {words_of(name)}"
    return WORDS_BEGIN if all(f" {term}" in words for term in wanted) else WITHIN


def corrected(term: str, known: Sequence[str]) -> str:
    """The known word that was most likely meant, or the term itself."""
    return next(iter(get_close_matches(term, known, 1, 0.7)), term)
