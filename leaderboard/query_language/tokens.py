"""The words of the language: one set of patterns for the grammar, the error messages and the completion."""

from __future__ import annotations

import re
from dataclasses import dataclass

from leaderboard.query_language.errors import QueryError

MAX_LENGTH = 500

# A keyword in front of a word character is a part of a word: order, notes.
_WORD_CHARACTER = r"""[^\s()"'“”<>=!:,;&|~≤≥≠]"""
WORD_END = rf"(?!{_WORD_CHARACTER})"
KEYWORD = rf"(?:and|or|not){WORD_END}"
PATTERNS = {
    "QUOTED": r""""(?:[^"\\]|\\[\s\S])*"|'(?:[^'\\]|\\[\s\S])*'|“(?:[^”\\]|\\[\s\S])*”""",
    "OPERATOR": r"<=|>=|!=|==|[<>=:≤≥≠~]",
    "WORD": rf"(?!{KEYWORD}){_WORD_CHARACTER}+",
}
_TOKEN = re.compile(
    rf"(?P<QUOTED>{PATTERNS['QUOTED']})|(?P<UNCLOSED>[\"'“][\s\S]*)|(?P<KEYWORD>{KEYWORD})"
    rf"|(?P<OPERATOR>{PATTERNS['OPERATOR']})|(?P<OPEN>\()|(?P<CLOSE>\))|(?P<WORD>{PATTERNS['WORD']})|(?P<STRAY>\S)",
    re.IGNORECASE,
)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_ESCAPED = re.compile(r"\\([\s\S])")


@dataclass(frozen=True, slots=True)
class Token:
    kind: str
    written: str
    start: int

    @property
    def end(self) -> int:
        return self.start + len(self.written)

    @property
    def quoted(self) -> bool:
        return self.kind in {"QUOTED", "UNCLOSED"}

    @property
    def text(self) -> str:
        """What it says, without quotation marks."""
        if not self.quoted:
            return self.written
        return _ESCAPED.sub(r"\1", self.written[1:-1] if self.kind == "QUOTED" else self.written[1:])

    def error(self, message: str) -> QueryError:
        return QueryError(message, self.start, self.end)


def scan(text: str) -> list[Token]:
    """The tokens of any text, however broken."""
    return [Token(match.lastgroup or "", match[0], match.start()) for match in _TOKEN.finditer(text)]


def check_characters(text: str) -> None:
    """Raises where a text is too long or holds characters that nobody types."""
    if len(text) > MAX_LENGTH:
        message = f"The query has {len(text)} characters, at most {MAX_LENGTH} are allowed. Shorten it."
        raise QueryError(message, MAX_LENGTH, len(text))
    if control := _CONTROL.search(text):
        raise QueryError("Remove this character; it cannot be printed.", control.start(), control.end())


def is_plain(text: str) -> bool:
    """Whether the text can stand without quotation marks."""
    return re.fullmatch(PATTERNS["WORD"], text, re.IGNORECASE) is not None


def quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def quoted_if_needed(text: str) -> str:
    return text if is_plain(text) else quoted(text)
