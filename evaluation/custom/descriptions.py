"""Description files of custom tasks and benchmarks: TOML, field by field, with a sentence for each mistake."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from evaluation.custom.data_files import Mistakes


def jsonable(fields: dict[str, Any]) -> dict[str, Any]:
    """Paths as text, tuples as lists."""
    value: dict[str, Any] = json.loads(json.dumps(fields, default=str))
    return value


class Description:
    """A TOML file whose fields are taken out one by one; what is left over at the end is a mistake, likely a typo."""

    def __init__(self, path: Path, mistakes: Mistakes) -> None:
        self.path = path
        self.mistakes = mistakes
        self.readable = True
        self.fields = self._read()

    def _read(self) -> dict[str, Any]:
        try:
            return tomllib.loads(self.path.read_bytes().decode("utf-8-sig"))
        except FileNotFoundError:
            self.wrong("the file is missing.")
        except OSError as error:
            self.wrong(f"the file cannot be read ({error.strerror}).")
        except UnicodeDecodeError:
            self.wrong("the file is not UTF-8; save it in UTF-8.")
        except tomllib.TOMLDecodeError as error:
            self.wrong(f"the file is not valid TOML: {error}.")
        self.readable = False
        return {}

    def wrong(self, sentence: str) -> None:
        """Of a file that cannot be read that one fact is told, not all that is missing in consequence."""
        if self.readable:
            self.mistakes.add(self.path, sentence)

    def text(self, name: str, default: str | None = None) -> str:
        """The text; without a default the field is required."""
        value = self.fields.pop(name, default)
        if isinstance(value, str) and (value.strip() or default is not None):
            return value.strip()
        self.wrong(f'"{name}" must be a text that is not empty.' if value is not None else f'"{name}" is missing.')
        return ""

    def texts(self, name: str, default: Sequence[str] = ()) -> tuple[str, ...]:
        value = self.fields.pop(name, list(default))
        if isinstance(value, list) and all(isinstance(item, str) and item.strip() for item in value):
            return tuple(value)
        self.wrong(f'"{name}" must be a list of texts.')
        return tuple(default)

    def boolean(self, name: str, *, default: bool) -> bool:
        value = self.fields.pop(name, default)
        if isinstance(value, bool):
            return value
        self.wrong(f'"{name}" must be true or false.')
        return default

    def finish(self) -> None:
        for name in self.fields:
            self.wrong(f'"{name}" is not a field of this file; docs/custom-tasks.md lists them.')
