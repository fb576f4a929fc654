"""Licence names as model cards write them, brought to SPDX."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from license_expression import Licensing

# Names that the Hub offers and SPDX does not know.
HUB_NAMES = {
    "apple-ascl": "LicenseRef-Apple-ASCL",
    "apple-amlr": "LicenseRef-Apple-AMLR",
    "bigcode-openrail-m": "LicenseRef-BigCode-OpenRAIL-M",
    "bigscience-bloom-rail-1.0": "LicenseRef-BigScience-BLOOM-RAIL-1.0",
    "bigscience-openrail-m": "LicenseRef-BigScience-OpenRAIL-M",
    "bsd": "LicenseRef-BSD",
    "cc": "LicenseRef-Creative-Commons",
    "creativeml-openrail-m": "LicenseRef-CreativeML-OpenRAIL-M",
    "gemma": "LicenseRef-Gemma",
    "gpl": "LicenseRef-GPL",
    "intel-research": "LicenseRef-Intel-Research",
    "lgpl": "LicenseRef-LGPL",
    "llama2": "LicenseRef-Llama-2",
    "llama3": "LicenseRef-Llama-3",
    "llama3.1": "LicenseRef-Llama-3.1",
    "llama3.2": "LicenseRef-Llama-3.2",
    "llama3.3": "LicenseRef-Llama-3.3",
    "llama4": "LicenseRef-Llama-4",
    "openrail": "LicenseRef-OpenRAIL",
    "openrail++": "LicenseRef-OpenRAIL-PlusPlus",
}
NO_ANSWER = frozenset({"", "unknown", "none", "n/a"})


def spdx_licence(name: str, *, other_name: str = "") -> str | None:
    """The SPDX expression for what a card says, or None where nobody could say which licence is meant.

    `other_name` is the card's `license_name`, which counts where `license` is `other`.
    """
    given = name.strip()
    if given.lower() == "other":
        return _reference(other_name) if other_name.strip().lower() not in NO_ANSWER else None
    if given.lower() in NO_ANSWER:
        return None
    return HUB_NAMES.get(given.lower()) or _expression(given)


def _expression(text: str) -> str | None:
    from license_expression import ExpressionError, ExpressionParseError

    try:
        parsed = _licensing().parse(text, validate=True)
    except (ExpressionError, ExpressionParseError):
        return None
    return str(parsed) if parsed is not None else None


def _reference(name: str) -> str:
    return "LicenseRef-" + re.sub(r"[^A-Za-z0-9.]+", "-", name).strip("-")


@cache
def _licensing() -> Licensing:
    """The SPDX list costs 4 MB, so it is read when the first licence is."""
    from license_expression import get_spdx_licensing

    return get_spdx_licensing()
