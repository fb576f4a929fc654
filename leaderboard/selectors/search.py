"""The search: boards, models, tasks, languages, organisations and task types by name, forgiving what is misspelt."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from django.db import connection, transaction

from leaderboard.search_terms import corrected, nearness, terms
from leaderboard.selectors.search_entries import ALIKE, Catalogue, Entry, Hit, Kind, catalogue

# Of near misses only those about as near as the nearest are shown.
_NEARLY_AS_NEAR = 0.8
SUGGESTED = 5


class By(Enum):
    """Why the hits are hits: names hold the words, the corrected words, descriptions do, or words are alike."""

    NAME = auto()
    CORRECTED = auto()
    DESCRIPTION = auto()
    LIKENESS = auto()


@dataclass(frozen=True)
class Matches:
    """The first hits of a kind and how many there are."""

    kind: str
    label: str
    hits: list[Hit]
    total: int


@dataclass(frozen=True)
class Found:
    """What the search found, by kind, empty kinds left out. `words` are those that were looked for in the end."""

    groups: list[Matches]
    by: By
    words: str

    @property
    def total(self) -> int:
        return sum(group.total for group in self.groups)


def search(text: str, *, kind: str = "", limit: int) -> Found:
    """What has all the words in its name, else in its description, else the words spelt right, else words like them.

    `kind` names one kind, else all are searched. Of each kind the first `limit` hits: those whose name is what was
    typed, then those that begin with it, and so on; of equally good ones those with the most results.
    """
    wanted = terms(text)
    if not wanted:
        return Found([], By.NAME, "")
    known = catalogue()
    kinds = known.of(kind)
    return (
        _named(kinds, wanted, limit, By.NAME)
        or _described(kinds, wanted, limit)
        or _named(kinds, _corrected(known, wanted), limit, By.CORRECTED)
        or _alike(kinds, wanted, limit)
        or Found([], By.LIKENESS, " ".join(wanted))
    )


def _named(kinds: Iterable[Kind], wanted: Sequence[str], limit: int, by: By) -> Found | None:
    """Kinds with something that fits better come first."""
    entries = [(kind, _best_first(kind.holding(wanted), wanted)) for kind in kinds]
    with_hits = [(kind, found) for kind, found in entries if found]
    return _found(sorted(with_hits, key=lambda one: _nearness(one[1][0], wanted)), wanted, limit, by)


def _described(kinds: Iterable[Kind], wanted: Sequence[str], limit: int) -> Found | None:
    entries = [(kind, sorted(kind.described(wanted), key=lambda entry: -entry.weight)) for kind in kinds]
    return _found(entries, wanted, limit, By.DESCRIPTION)


def _corrected(known: Catalogue, wanted: Sequence[str]) -> list[str]:
    """Each word as names spell it."""
    return [
        term if any(term in word for word in known.vocabulary) else corrected(term, known.near_words(term))
        for term in wanted
    ]


@transaction.atomic
def _alike(kinds: Iterable[Kind], wanted: Sequence[str], limit: int) -> Found | None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('pg_trgm.word_similarity_threshold', %s, true)", [str(ALIKE)])
    near = [(kind, kind.alike(wanted)) for kind in kinds]
    enough = _NEARLY_AS_NEAR * max((one.likeness for _, found in near for one in found), default=1.0)
    entries = [(kind, [one.entry for one in found if one.likeness >= enough]) for kind, found in near]
    return _found(entries, wanted, limit, By.LIKENESS)


def _best_first(entries: Iterable[Entry], wanted: Sequence[str]) -> list[Entry]:
    def place(entry: Entry) -> tuple[int, float, int, str]:
        return _nearness(entry, wanted), -entry.weight, len(entry.names[0]), entry.names[0].lower()

    return sorted(entries, key=place)


def _nearness(entry: Entry, wanted: Sequence[str]) -> int:
    return min(nearness(name, wanted) for name in entry.names)


def _found(entries: Iterable[tuple[Kind, list[Entry]]], wanted: Sequence[str], limit: int, by: By) -> Found | None:
    groups = [
        Matches(kind.name, kind.label, [entry.hit() for entry in found[:limit]], len(found))
        for kind, found in entries
        if found
    ]
    return Found(groups, by, " ".join(wanted)) if groups else None


def nearest(name: str, *, kind: str = "") -> list[Hit]:
    """What somebody may have meant by a name that does not exist; `kind` as in `search`."""
    if not terms(name):
        return []
    kinds = catalogue().of(kind)
    near = sorted(
        (one for of_kind in kinds for one in of_kind.like(name)), key=lambda one: (-one.likeness, -one.entry.weight)
    )
    return [one.entry.hit() for one in near[:SUGGESTED]]
