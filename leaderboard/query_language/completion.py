"""What could be typed next, for any text, finished or broken."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from leaderboard.query_language.fields import Field, Kind, Vocabulary, squashed
from leaderboard.query_language.tokens import MAX_LENGTH, Token, quoted_if_needed, scan
from leaderboard.query_language.values import EQUALITIES, HAS, KNOWN, MATCHES, UNKNOWN, operator_of

MAX_SUGGESTIONS = 12
# One letter stands in every other name.
MIN_PART = 2

Hinted = tuple[str, str]
_ORDER: Sequence[Hinted] = (
    (">", "more than"),
    (">=", "at least"),
    ("<", "less than"),
    ("<=", "at most"),
    (":", "a range, or unknown"),
)
_PERIODS: Sequence[Hinted] = (
    (">=", "from"),
    ("<=", "until"),
    (">", "after"),
    ("<", "before"),
    (":", "in, a range, or unknown"),
)
_SEARCH: Sequence[Hinted] = (
    (":", "contains"),
    ("=", "is exactly"),
    ("!=", "is not"),
    (MATCHES, "matches a regular expression"),
)
_CHOICE: Sequence[Hinted] = ((":", "is"), ("!=", "is not"), (MATCHES, "matches a regular expression"))
_FLAG: Sequence[Hinted] = ((":", "yes, no or unknown"),)
_OPERATORS: dict[Kind, Sequence[Hinted]] = {
    "text": _SEARCH,
    "texts": _SEARCH,
    "number": _ORDER,
    "score": _ORDER,
    "date": _PERIODS,
    "flag": _FLAG,
}
_JOINTS: Sequence[Hinted] = (("and", "both conditions"), ("or", "either condition"))
_INVERSION: Sequence[Hinted] = (("not", "all other rows"),)
_FLAG_VALUES: Sequence[Hinted] = (("yes", ""), ("no", ""))
_KNOWLEDGE: Sequence[Hinted] = ((UNKNOWN, "no value"), (KNOWN, "any value"))


class Suggestion(NamedTuple):
    """Put `text` in the place of the characters from `start` to `end`; `hint` says what it means."""

    text: str
    start: int
    end: int
    hint: str = ""


@dataclass(frozen=True, slots=True)
class _Place:
    """The cursor in a query: the tokens `before` it, the word under it that a suggestion replaces, and what follows."""

    text: str
    cursor: int
    before: list[Token]
    word: Token | None
    after: Token | None

    @property
    def typed(self) -> str:
        """What of the word stands before the cursor, without quotation marks and ignoring case."""
        if self.word is None:
            return ""
        if self.cursor == self.word.end:
            return self.word.text.casefold()
        kind = "UNCLOSED" if self.word.quoted else self.word.kind
        return Token(kind, self.text[self.word.start : self.cursor], self.word.start).text.casefold()

    @property
    def operator(self) -> Token | None:
        return self.before[-1] if self.before and self.before[-1].kind == "OPERATOR" else None

    @property
    def follows_condition(self) -> bool:
        return bool(self.before) and self.before[-1].kind in {"WORD", "QUOTED", "CLOSE"}

    @property
    def follows_value(self) -> bool:
        return len(self.before) > 1 and self.before[-2].kind == "OPERATOR"

    def replacing(self, hinted: Iterable[Hinted]) -> Iterator[Suggestion]:
        """In the place of the word under the cursor."""
        start, end = (self.word.start, self.word.end) if self.word else (self.cursor, self.cursor)
        for text, hint in hinted:
            if text != self.text[start:end]:
                yield Suggestion(text, start, end, hint)

    def following(self, hinted: Iterable[Hinted]) -> Iterator[Suggestion]:
        """After what stands before the cursor, with the spaces that reading needs."""
        space = "" if self.text[: self.cursor].endswith(" ") else " "
        for text, hint in hinted:
            yield Suggestion(text if text == HAS else f"{space}{text} ", self.cursor, self.cursor, hint)


def suggestions(text: str, cursor: int, fields: Sequence[Field]) -> list[Suggestion]:
    """The best few continuations at the cursor (a position in the text), best first."""
    text = text[:MAX_LENGTH]
    place = _place(text, max(0, min(cursor, len(text))))
    found = _suggestions(place, Vocabulary(fields))
    return list(dict.fromkeys(found))[:MAX_SUGGESTIONS]


def _place(text: str, cursor: int) -> _Place:
    tokens = scan(text)
    words = (token for token in tokens if token.quoted or token.kind in {"WORD", "KEYWORD"})
    word = next((token for token in words if token.start < cursor <= token.end), None)
    before = [token for token in tokens if token.end <= cursor and token is not word]
    after = next((token for token in tokens if token.start >= cursor and token is not word), None)
    return _Place(text, cursor, before, word, after)


def _suggestions(place: _Place, vocabulary: Vocabulary) -> Iterator[Suggestion]:
    if place.operator is not None:
        field = vocabulary.find(place.before[-2].text) if len(place.before) > 1 else None
        if field is not None:
            yield from _values(place, field)
        return
    if place.word is None and place.follows_condition:
        field = None if place.follows_value else vocabulary.find(place.before[-1].text)
        yield from place.following(_operators(field) if field else _JOINTS)
        return
    yield from _names(place, vocabulary)


def _values(place: _Place, field: Field) -> Iterator[Suggestion]:
    yield from place.replacing((quoted_if_needed(choice), "") for choice in _matching(place.typed, field.choices))
    if field.kind == "flag":
        yield from place.replacing(_starting(place.typed, _FLAG_VALUES))
    if place.operator is not None and operator_of(place.operator) in EQUALITIES:
        yield from place.replacing(_starting(place.typed, _KNOWLEDGE))
    complete = {choice.casefold() for choice in (*field.choices, KNOWN, UNKNOWN)}
    if place.word is not None and place.cursor == place.word.end and place.typed in complete:
        yield from place.following(_JOINTS)


def _names(place: _Place, vocabulary: Vocabulary) -> Iterator[Suggestion]:
    """Fields, or what follows a field whose name is complete; a field that has its operator is only replaced."""
    is_free = place.after is None or place.after.kind != "OPERATOR"
    field = vocabulary.named(place.typed) if place.word and place.cursor == place.word.end else None
    if field is not None and is_free:
        yield from place.following(_operators(field))
    if place.word is not None and is_free:
        keywords = (*_JOINTS, *_INVERSION) if place.follows_condition else _INVERSION
        yield from place.replacing((f"{text} ", hint) for text, hint in _starting(place.typed, keywords))
    yield from place.replacing(
        (quoted_if_needed(field.name), field.description) for field in _matching_fields(place.typed, vocabulary.fields)
    )


def _operators(field: Field) -> Sequence[Hinted]:
    return _CHOICE if field.choices else _OPERATORS[field.kind]


def _starting(typed: str, hinted: Iterable[Hinted]) -> Iterator[Hinted]:
    return ((text, hint) for text, hint in hinted if text.startswith(typed))


def _matching(typed: str, choices: Iterable[str]) -> list[str]:
    """Those that start with what was typed, then those that contain it."""
    found = [choice for choice in choices if typed in choice.casefold()]
    return sorted(found, key=lambda choice: not choice.casefold().startswith(typed))


def _matching_fields(typed: str, fields: Iterable[Field]) -> list[Field]:
    """By name, then by alias, then by a part of a name."""
    ranked = [(rank, field) for field in fields if (rank := _rank(typed, field)) is not None]
    return [field for _, field in sorted(ranked, key=lambda pair: pair[0])]


def _rank(typed: str, field: Field) -> int | None:
    if field.name.casefold().startswith(typed):
        return 0
    if any(alias.casefold().startswith(typed) for alias in field.aliases):
        return 1
    part = squashed(typed)
    return 2 if len(part) >= MIN_PART and any(part in squashed(name) for name in (field.name, *field.aliases)) else None
