"""What is wrong with a query, and where."""

from __future__ import annotations


class QueryError(Exception):
    """A query that cannot be understood. `message` says what to do; `start` and `end` are positions in `text`.

    For pages the text comes in three parts: `before`, `wrong` and `after`.
    """

    def __init__(self, message: str, start: int, end: int, text: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.start = start
        self.end = end
        self.text = text

    @property
    def before(self) -> str:
        return self.text[: self.start]

    @property
    def wrong(self) -> str:
        return self.text[self.start : self.end]

    @property
    def after(self) -> str:
        return self.text[self.end :]

    @property
    def column(self) -> int:
        """The number of the first wrong character, counted from 1 as people do."""
        return self.start + 1
