"""What a query can ask about, and how its names are found."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import chain
from typing import Literal

Kind = Literal["text", "texts", "number", "date", "flag", "score"]

# The field that bare words search.
NAME = "name"


@dataclass(frozen=True, slots=True)
class Field:
    """A column of the rows. What a row's value is, by `kind`; None, NaN and an empty text or list are unknown:

    `text` a string, `texts` a list of strings, `number` an int or float, `date` a date, `flag` a bool, `score` a
    fraction, which pages show times 100.

    A text with `choices` has a closed vocabulary: `:` compares whole values, and what fits no choice is an error. A
    text without them is searched by `:`. `unit` is that of the row's numbers, where they have one: "MB" or "%".
    """

    name: str
    kind: Kind
    aliases: Sequence[str] = ()
    description: str = ""
    choices: Sequence[str] = ()
    unit: str = ""


def squashed(name: str) -> str:
    """Pair Classification, pair_classification and PairClassification are the same name."""
    return re.sub(r"[\W_]+", "", name.casefold())


def closest(word: str, candidates: Sequence[str]) -> str | None:
    """The candidate that somebody who typed `word` may have meant: nearly the same letters, or more of them."""
    by_folded = {candidate.casefold(): candidate for candidate in reversed(candidates)}
    folded = word.casefold()
    longer = (name for name in by_folded if name.startswith(folded))
    match = next(chain(get_close_matches(folded, by_folded, n=1), longer), None)
    return by_folded[match] if match is not None else None


class Vocabulary:
    """The fields by name: as it is written, else ignoring case, else ignoring spaces and punctuation too.

    Where two fields answer to a name the first one has it, and names go before aliases.
    """

    def __init__(self, fields: Sequence[Field]) -> None:
        self.fields = fields
        self._exact: dict[str, Field] = {}
        self._folded: dict[str, Field] = {}
        self._squashed: dict[str, Field] = {}
        for name, field in self._names():
            self._exact.setdefault(name, field)
            self._folded.setdefault(name.casefold(), field)
            self._squashed.setdefault(squashed(name), field)

    def _names(self) -> Iterator[tuple[str, Field]]:
        yield from ((field.name, field) for field in self.fields)
        yield from ((alias, field) for field in self.fields for alias in field.aliases)

    def find(self, name: str) -> Field | None:
        return self.named(name) or self._squashed.get(squashed(name))

    def named(self, name: str) -> Field | None:
        """The field that is called just this; only case may differ."""
        return self._exact.get(name) or self._folded.get(name.casefold())

    def closest(self, name: str) -> str | None:
        return closest(name, list(self._exact))
