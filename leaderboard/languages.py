"""How language codes read: `eng-Latn` is English, `zho-Hant` is Chinese (Traditional)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

CODE_SCRIPT = "Code"
"""The script that mteb gives to programming languages: `python-Code`."""


class LanguageFacts(NamedTuple):
    """`usual_script` is the one that goes without saying; None where nobody knows one."""

    name: str
    usual_script: str | None


@dataclass(frozen=True)
class LanguageNames:
    """Names by ISO 639-3 code (programming languages by their whole code), short script names by ISO 15924 code."""

    languages: Mapping[str, LanguageFacts] = field(default_factory=dict)
    scripts: Mapping[str, str] = field(default_factory=dict)

    def of(self, code: str) -> str:
        """The name of a language, with or without script: `eng`, `eng-Latn`. What is unknown stays a code.

        The script stands in parentheses where it is not the language's usual one.
        """
        if code in self.languages:
            return self.languages[code].name
        language, script = split_code(code)
        facts = self.languages.get(language)
        if facts is None:
            return code
        if script == facts.usual_script:
            return facts.name
        return f"{facts.name} ({self.scripts.get(script, script)})"


def split_code(code: str) -> tuple[str, str]:
    """`eng-Latn` -> (`eng`, `Latn`); a language without script has an empty one."""
    language, _, script = code.partition("-")
    return language, script


def bare_code(code: str) -> str:
    """The code without its script: `eng-Latn` -> `eng`; a programming language is nothing without it."""
    language, script = split_code(code)
    return code if script == CODE_SCRIPT else language
