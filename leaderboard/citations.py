"""BibTeX entries that say which state of a board or of a model's results somebody looked at."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

_SPECIAL = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
}
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


@dataclass(frozen=True, slots=True)
class CitedBoard:
    """A board as it stood on a day; `address` leads to that state."""

    name: str
    slug: str
    day: date
    n_rows: int
    data_version: int
    official_only: bool
    address: str


def bibtex(cited: CitedBoard) -> str:
    """The state of a board."""
    sources = "official results only" if cited.official_only else "official results, uploads and evaluations of Podium"
    models = f"{cited.n_rows} model{'' if cited.n_rows == 1 else 's'}"
    return _entry(
        key=f"podium-{cited.slug}",
        title=f"{cited.name}: a leaderboard of embedding models",
        address=cited.address,
        day=cited.day,
        note=f"{models}, {sources}, data version {cited.data_version}",
    )


def board_bibtex(*, citation: str | None, board: CitedBoard) -> str:
    """The benchmark as its authors want it cited, where they say so, and the state of its board."""
    return _together(citation, bibtex(board))


def model_bibtex(*, citation: str | None, name: str, address: str, day: date, data_version: int) -> str:
    """The model as its authors want it cited, where they say so, and the state of its results on that day."""
    entry = _entry(
        key=f"podium-{_words(name)}",
        title=f"Results of {name} on MTEB tasks",
        address=address,
        day=day,
        note=f"Data version {data_version}",
    )
    return _together(citation, entry)


def _together(citation: str | None, entry: str) -> str:
    return f"{citation.strip()}\n\n{entry}" if citation and citation.strip() else entry


def _entry(*, key: str, title: str, address: str, day: date, note: str) -> str:
    return (
        f"@misc{{{key}-{day:%Y%m%d},\n"
        f"  title = {{{{{tex_text(title)}}}}},\n"
        f"  author = {{{{Podium}}}},\n"
        f"  year = {{{day.year}}},\n"
        f"  month = {_MONTHS[day.month - 1]},\n"
        f"  howpublished = {{\\url{{{_tex_address(address)}}}}},\n"
        f"  note = {{{tex_text(note)}, as of {day.isoformat()}}}\n"
        "}"
    )


def tex_text(text: str) -> str:
    """The text as LaTeX prints it letter by letter, on one line."""
    return "".join(_SPECIAL.get(letter, letter) for letter in " ".join(text.split()))


def _tex_address(address: str) -> str:
    r"""An address as it may stand in \url inside another command, where braces and backslashes must not."""
    escaped = address.replace("\\", "%5C").replace("{", "%7B").replace("}", "%7D")
    return re.sub(r"([%#])", r"\\\1", escaped)


def _words(name: str) -> str:
    """org/a_b -> org-a-b."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
