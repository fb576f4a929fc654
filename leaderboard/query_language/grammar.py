"""From text to a tree, with lark, and from lark's complaints to sentences.

lark is imported with the first query: a web process starts without it.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, cast

from leaderboard.query_language.errors import QueryError
from leaderboard.query_language.tokens import PATTERNS, WORD_END, Token, scan

if TYPE_CHECKING:
    from lark import Lark, Tree
    from lark import Token as Leaf

# Conditions next to each other are joined by "and", so `qwen params<1B` is a query.
_GRAMMAR = """
?start: disjunction
?disjunction: conjunction (_OR conjunction)*
?conjunction: inversion (_AND? inversion)*
?inversion: NOT inversion -> negation
          | "(" disjunction ")"
          | (WORD | QUOTED) OPERATOR (WORD | QUOTED) -> comparison
          | (WORD | QUOTED) -> word
_AND.2: /and{WORD_END}/i
_OR.2: /or{WORD_END}/i
NOT.2: /not{WORD_END}/i
WORD: /{WORD}/i
QUOTED: /{QUOTED}/
OPERATOR: /{OPERATOR}/
%ignore /\\s+/
"""

_STRAY = {
    "&": "Write “and”, or put a text with & in quotation marks.",
    "|": "Write “or”, or put a text with | in quotation marks.",
    ",": "Join conditions with “and” or “or”; numbers have a point; texts with a comma go in quotation marks.",
    ";": "Join conditions with “and” or “or”.",
    "!": "Write “not” before a condition, or != between a field and a value.",
    "”": "These quotation marks open nowhere.",
}


@cache
def _parser() -> Lark:
    from lark import Lark

    grammar = _GRAMMAR.format(WORD_END=WORD_END, **PATTERNS)
    return Lark(grammar, parser="lalr", lexer="contextual", propagate_positions=True)


def parse(text: str) -> Tree[Leaf]:
    """The tree of a query that is not empty: disjunction, conjunction, negation, comparison, word."""
    from lark import UnexpectedInput, UnexpectedToken

    try:
        return _parser().parse(text)
    except UnexpectedInput as unexpected:
        at_end = isinstance(unexpected, UnexpectedToken) and unexpected.token.type == "$END"
        # lark's annotation says None; every error of a parser has a position.
        position = cast("int", unexpected.pos_in_stream)
        raise _explanation(scan(text), len(text) if at_end else position) from None


def _explanation(tokens: list[Token], position: int) -> QueryError:
    """Why the parser stopped at `position`, from the tokens around it."""
    index = next((number for number, token in enumerate(tokens) if token.end > position), len(tokens))
    before = tokens[:index]
    if index == len(tokens):
        return _missing_after(before) or _unclosed(before)
    wrong = tokens[index]
    if wrong.kind == "UNCLOSED":
        return wrong.error(f"Close the quotation marks that open here with another {wrong.written[0]}.")
    if wrong.kind == "STRAY":
        return wrong.error(_STRAY.get(wrong.written, "This character has no meaning here; put it in quotation marks."))
    return _missing_after(before, wrong) or _misplaced(before, wrong)


def _missing_after(before: list[Token], wrong: Token | None = None) -> QueryError | None:
    """Something must follow the last token, and does not."""
    last = before[-1] if before else None
    if last is not None and last.kind == "OPERATOR":
        if wrong is not None and wrong.kind == "OPEN":
            return wrong.error("Write one value here and join conditions: org:BAAI or org:Qwen.")
        if wrong is not None and wrong.kind == "KEYWORD":
            return wrong.error(f"Write a value before “{wrong.written}”, or put “{wrong.written}” in quotation marks.")
        return last.error(f"Write a value after “{last.written}”.")
    if last is not None and last.kind == "KEYWORD":
        return last.error(f"Write a condition after “{last.written}”.")
    return None


def _unclosed(tokens: list[Token]) -> QueryError:
    """The query ends although a parenthesis is open."""
    open_ones: list[Token] = []
    for token in tokens:
        if token.kind == "OPEN":
            open_ones.append(token)
        elif token.kind == "CLOSE":
            open_ones.pop()
    return open_ones[-1].error("Close this parenthesis.")


def _misplaced(before: list[Token], wrong: Token) -> QueryError:
    last = before[-1].kind if before else None
    if wrong.kind == "KEYWORD":
        return wrong.error(f"Write a condition before “{wrong.written}”.")
    if wrong.kind == "CLOSE" and last == "OPEN":
        return wrong.error("Write a condition between the parentheses.")
    if wrong.kind == "CLOSE":
        return wrong.error("No parenthesis is open here; remove this one.")
    if last in {"WORD", "QUOTED"}:
        return wrong.error("One comparison at a time: params > 1B and params < 2B, or the range params:1B..2B.")
    if last == "CLOSE":
        return wrong.error(f"Write a field before “{wrong.written}”; a name with parentheses goes in quotation marks.")
    return wrong.error(f"Write a field before “{wrong.written}”.")
