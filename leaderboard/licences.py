"""Licence names as cards and registries write them, brought to SPDX, and whether they allow commercial use.

docs/metadata.md explains the table of commercial use.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from license_expression import Licensing

# Names that the Hub offers and SPDX does not know.
HUB_NAMES = {
    "apache-2": "Apache-2.0",
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
    "odbl": "ODbL-1.0",
    "odc-by": "ODC-By-1.0",
    "openmdw-1.1": "LicenseRef-OpenMDW-1.1",
    "openrail": "LicenseRef-OpenRAIL",
    "openrail++": "LicenseRef-OpenRAIL-PlusPlus",
    "pddl": "PDDL-1.0",
    "qodoai-open-rail-m": "LicenseRef-QodoAI-Open-RAIL-M",
}
# Addresses that mteb's registry gives instead of a name, where the text behind them has one name for all its models.
ADDRESSES = {
    "https://ai.google.dev/gemma/terms": "LicenseRef-Gemma",
    "https://ai.meta.com/resources/models-and-libraries/dinov3-license/": "LicenseRef-DINOv3",
    "https://developers.google.com/health-ai-developer-foundations/terms": "LicenseRef-HAI-DEF",
    "https://huggingface.co/spaces/bigscience/license": "LicenseRef-BigScience-BLOOM-RAIL-1.0",
    "https://www.nvidia.com/en-us/agreements/enterprise-software/nvidia-open-model-license/": (
        "LicenseRef-NVIDIA-Open-Model"
    ),
}
NO_ANSWER = frozenset({"", "unknown", "none", "n/a", "not specified", "multiple"})

# Whether the text allows commercial use, with or without conditions. What is not here is unknown.
_PERMISSIVE = (
    "0BSD AFL-3.0 Apache-2.0 Artistic-2.0 BSD-2-Clause BSD-3-Clause BSD-3-Clause-Clear BSL-1.0 CC0-1.0 CC-BY-2.0"
    " CC-BY-2.5 CC-BY-3.0 CC-BY-4.0 CDLA-Permissive-1.0 CDLA-Permissive-2.0 ECL-2.0 etalab-2.0 ISC"
    " LicenseRef-Apple-ASCL LicenseRef-BSD LicenseRef-OpenMDW-1.1 MIT MS-PL MulanPSL-2.0 NCSA ODC-By-1.0 OFL-1.1"
    " PDDL-1.0 PostgreSQL Unlicense UPL-1.0 WTFPL Zlib"
)
_COPYLEFT = (
    "AGPL-3.0-only AGPL-3.0-or-later CC-BY-SA-2.0 CC-BY-SA-3.0 CC-BY-SA-4.0 CDLA-Sharing-1.0 EPL-1.0 EPL-2.0 EUPL-1.1"
    " EUPL-1.2 GPL-1.0-or-later GPL-2.0-only GPL-2.0-or-later GPL-3.0-only GPL-3.0-or-later LGPL-2.0-or-later"
    " LGPL-2.1-only LGPL-2.1-or-later LGPL-3.0-only LGPL-3.0-or-later MPL-2.0 ODbL-1.0 OSL-3.0"
)
# No changed copies may be passed on, but the model may be used.
_NO_DERIVATIVES = "CC-BY-ND-3.0 CC-BY-ND-4.0"
# Some uses are forbidden, or very large companies need another licence.
_WITH_CONDITIONS = (
    "LicenseRef-BigCode-OpenRAIL-M LicenseRef-BigScience-BLOOM-RAIL-1.0 LicenseRef-BigScience-OpenRAIL-M"
    " LicenseRef-CreativeML-OpenRAIL-M LicenseRef-DINOv3 LicenseRef-Gemma LicenseRef-HAI-DEF LicenseRef-Llama-2"
    " LicenseRef-Llama-3 LicenseRef-Llama-3.1 LicenseRef-Llama-3.2 LicenseRef-Llama-3.3 LicenseRef-Llama-4"
    " LicenseRef-NVIDIA-Open-Model LicenseRef-OpenRAIL LicenseRef-OpenRAIL-PlusPlus LicenseRef-QodoAI-Open-RAIL-M"
)
_RESEARCH_ONLY = "LicenseRef-Apple-AMLR LicenseRef-Intel-Research"
_COMMERCIAL_USE = {
    **dict.fromkeys(f"{_PERMISSIVE} {_COPYLEFT} {_NO_DERIVATIVES} {_WITH_CONDITIONS}".split(), True),
    **dict.fromkeys(_RESEARCH_ONLY.split(), False),
}
_NON_COMMERCIAL = re.compile(r"(?:^|[-\s])(?:nc|non-?commercial)(?:[-\s]|$)|noncommercial", re.IGNORECASE)

# What mteb counts as an open licence, by the names of its registry and by SPDX.
OPEN_LICENCES = frozenset(
    {
        "mit", "apache-2.0", "bsd-3-clause", "gpl-3.0", "lgpl", "lgpl-3.0", "mpl-2.0", "afl-3.0", "eupl-1.2",
        "cc0-1.0", "cc-by-2.0", "cc-by-3.0", "cc-by-4.0", "cc-by-sa-3.0", "cc-by-sa-4.0", "odc-by",
        "cdla-sharing-1.0", "openmdw-1.1",
    }
)  # fmt: skip


@lru_cache(maxsize=1000)
def spdx_licence(name: str, *, other_name: str = "") -> str | None:
    """The SPDX expression for what a card says, or None where nobody could say which licence is meant.

    `other_name` is the card's `license_name`, which counts where `license` is `other`.
    """
    given = name.strip()
    if given.lower() == "other":
        return _reference(other_name) if other_name.strip().lower() not in NO_ANSWER else None
    if given.lower() in NO_ANSWER:
        return None
    return HUB_NAMES.get(given.lower()) or ADDRESSES.get(given.lower()) or _expression(given)


@lru_cache(maxsize=1000)
def allows_commercial_use(spdx: str | None, given: str | None = None) -> bool | None:
    """Whether the licence allows commercial use, with or without conditions; None where nobody could say.

    Of several licences to choose from one is enough; where several hold together, all of them must allow it. `given`
    is the licence in its author's words, which may forbid it where there is no expression.
    """
    if spdx is None:
        return False if given and _NON_COMMERCIAL.search(given) and "://" not in given else None
    parsed = _licensing().parse(spdx)
    return None if parsed is None else _allowed(parsed)


def _allowed(part: Any) -> bool | None:
    from license_expression import LicenseWithExceptionSymbol

    if not part.isliteral:
        answers = [_allowed(operand) for operand in part.args]
        decisive = part.operator.strip().upper() == "OR"
        return decisive if decisive in answers else None if None in answers else not decisive
    key = str(part.license_symbol.key if isinstance(part, LicenseWithExceptionSymbol) else part.key)
    return False if _NON_COMMERCIAL.search(key) else _COMMERCIAL_USE.get(key)


def is_open_licence(given: str | None, spdx: str | None = None) -> bool:
    """Whether mteb's openness would count the licence as open."""
    return any(name is not None and name.lower() in OPEN_LICENCES for name in (given, spdx))


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
