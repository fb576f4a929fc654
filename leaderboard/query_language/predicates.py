"""What a query asks of a row."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from leaderboard.query_language import grammar, values
from leaderboard.query_language.errors import QueryError
from leaderboard.query_language.fields import NAME, Field, Vocabulary, squashed
from leaderboard.query_language.tokens import MAX_LENGTH, Token, check_characters, quoted, quoted_if_needed, scan

if TYPE_CHECKING:
    from lark import Token as Leaf
    from lark import Tree

ValueOf = Callable[[str], Any]
MAX_DEPTH = 30


@dataclass(frozen=True, slots=True)
class Condition:
    """One test of one field; `text` is how it is written."""

    field: str
    text: str
    test: values.Test

    def holds(self, value_of: ValueOf) -> bool:
        return self.test(value_of(self.field))

    def fields(self) -> Iterator[str]:
        yield self.field


@dataclass(frozen=True, slots=True)
class Negation:
    """Everything that `part` does not match, rows of unknown value included."""

    part: Node

    @property
    def text(self) -> str:
        return f"not {_grouped(self.part)}"

    def holds(self, value_of: ValueOf) -> bool:
        return not self.part.holds(value_of)

    def fields(self) -> Iterator[str]:
        return self.part.fields()


@dataclass(frozen=True, slots=True)
class Conjunction:
    parts: tuple[Node, ...]

    @property
    def text(self) -> str:
        return " and ".join(map(_grouped, self.parts))

    def holds(self, value_of: ValueOf) -> bool:
        return all(part.holds(value_of) for part in self.parts)

    def fields(self) -> Iterator[str]:
        return (field for part in self.parts for field in part.fields())


@dataclass(frozen=True, slots=True)
class Disjunction:
    parts: tuple[Node, ...]

    @property
    def text(self) -> str:
        return " or ".join(map(_grouped, self.parts))

    def holds(self, value_of: ValueOf) -> bool:
        return any(part.holds(value_of) for part in self.parts)

    def fields(self) -> Iterator[str]:
        return (field for part in self.parts for field in part.fields())


Node = Condition | Negation | Conjunction | Disjunction


def _grouped(node: Node) -> str:
    """In parentheses where the order of the operators might be asked about."""
    return f"({node.text})" if isinstance(node, Conjunction | Disjunction) else node.text


@dataclass(frozen=True, slots=True)
class Predicate:
    """Whether a row matches. An empty query matches every row.

    `text` says the same in canonical form: names and choices as they are spelt, every “and” written. Where that would
    be too long for a query it is the text that was typed.
    """

    root: Node | None
    text: str

    def __call__(self, value_of: ValueOf) -> bool:
        """`value_of` gives the row's value of a field, or None."""
        return self.root is None or self.root.holds(value_of)

    @property
    def fields(self) -> frozenset[str]:
        """The names of the fields that the query asks for."""
        return frozenset() if self.root is None else frozenset(self.root.fields())


def compile_query(text: str, fields: Sequence[Field]) -> Predicate:
    """Raises QueryError, and nothing else, whatever the text is."""
    try:
        check_characters(text)
        if not text.strip():
            return Predicate(None, "")
        vocabulary = Vocabulary(fields)
        _check_names(text, vocabulary)
        root = _Reader(vocabulary).node(grammar.parse(text))
        return Predicate(root, root.text if len(root.text) <= MAX_LENGTH else text.strip())
    except QueryError as error:
        error.text = text
        raise


def _check_names(text: str, vocabulary: Vocabulary) -> None:
    """Raises where a name of several words lacks its quotation marks: `Pair Classification > 0.8`."""
    tokens = scan(text)
    for index, token in enumerate(tokens):
        if token.kind != "OPERATOR":
            continue
        for start, end in _names_of_several_words(tokens[:index]):
            if (field := vocabulary.find(text[start:end])) is not None:
                raise QueryError(f"Write this name as {quoted_if_needed(field.name)}.", start, end)


def _names_of_several_words(tokens: list[Token]) -> Iterator[tuple[int, int]]:
    """Where the unquoted words at the end could be one name, and not the value of a comparison."""
    words = 0
    for number in range(len(tokens) - 1, -1, -1):
        token = tokens[number]
        if token.kind not in {"WORD", "OPEN", "CLOSE"}:
            return
        is_value = number > 0 and tokens[number - 1].kind == "OPERATOR"
        if token.kind == "WORD" and squashed(token.text) and not is_value:
            words += 1
            if words > 1:
                yield token.start, tokens[-1].end


class _Reader:
    """Turns lark's tree into nodes."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary

    def node(self, tree: Tree[Leaf], depth: int = 0) -> Node:
        if depth > MAX_DEPTH:
            message = "The query is nested too deeply. Use fewer parentheses and “not”s."
            raise QueryError(message, tree.meta.start_pos, tree.meta.end_pos)
        match tree.data:
            case "word":
                return self._word(*_tokens(tree))
            case "comparison":
                return self._comparison(*_tokens(tree))
            case "negation":
                return Negation(self._parts(tree, depth)[0])
            case "conjunction":
                return Conjunction(_flat(self._parts(tree, depth), Conjunction))
            case _:
                return Disjunction(_flat(self._parts(tree, depth), Disjunction))

    def _parts(self, tree: Tree[Leaf], depth: int) -> list[Node]:
        return [self.node(child, depth + 1) for child in tree.children if not isinstance(child, str)]

    def _word(self, token: Token) -> Condition:
        if not token.text:
            raise token.error("Write something between the quotation marks.")
        if not token.quoted and self.vocabulary.named(token.text) is not None:
            message = "is a field: compare it with a value, or put it in quotation marks to find it in names."
            raise token.error(f"“{token.text}” {message}")
        written = quoted(token.text) if token.quoted else token.text
        return Condition(NAME, written, values.contains(token.text))

    def _comparison(self, name: Token, operator_token: Token, value: Token) -> Condition:
        field = self._field(name)
        operator = values.operator_of(operator_token)
        reading = values.read_value(field, operator, value)
        written = operator if operator == values.HAS else f" {operator} "
        return Condition(field.name, f"{quoted_if_needed(field.name)}{written}{reading.written}", reading.test)

    def _field(self, name: Token) -> Field:
        field = self.vocabulary.find(name.text)
        if field is not None:
            return field
        if values.is_number(name.text):
            raise name.error("A comparison starts with its field, as in params < 500M.")
        if (meant := self.vocabulary.closest(name.text)) is not None:
            hint = f"Did you mean {quoted_if_needed(meant)}?"
        else:
            hint = f"There are {values.listed([field.name for field in self.vocabulary.fields])}."
        raise name.error(f"There is no field “{name.text}” here. {hint}")


def _tokens(tree: Tree[Leaf]) -> list[Token]:
    return [Token(leaf.type, str(leaf), leaf.start_pos or 0) for leaf in tree.children if isinstance(leaf, str)]


def _flat(parts: list[Node], kind: type[Conjunction | Disjunction]) -> tuple[Node, ...]:
    """(a and b) and c is a and b and c."""
    return tuple(inner for part in parts for inner in (part.parts if isinstance(part, kind) else (part,)))
