"""Licences as SPDX, and whether they allow commercial use."""

from __future__ import annotations

import pytest

from leaderboard.licences import allows_commercial_use, is_open_licence, spdx_licence


@pytest.mark.parametrize(
    ("given", "other_name", "expected"),
    [
        ("apache-2.0", "", "Apache-2.0"),
        ("MIT", "", "MIT"),
        ("cc-by-nc-4.0", "", "CC-BY-NC-4.0"),
        ("apache-2.0 OR mit", "", "Apache-2.0 OR MIT"),
        ("gemma", "", "LicenseRef-Gemma"),
        ("llama3.1", "", "LicenseRef-Llama-3.1"),
        ("https://ai.google.dev/gemma/terms", "", "LicenseRef-Gemma"),
        ("https://huggingface.co/somebody/model/blob/main/LICENSE", "", None),
        ("other", "nvidia open model", "LicenseRef-nvidia-open-model"),
        ("other", "", None),
        ("not specified", "", None),
        ("my own licence", "", None),
        ("(((", "", None),
        ("", "", None),
    ],
)
def test_licences_are_brought_to_spdx(given: str, other_name: str, expected: str | None) -> None:
    assert spdx_licence(given, other_name=other_name) == expected


@pytest.mark.parametrize(
    ("given", "allowed"),
    [
        ("apache-2.0", True),
        ("gpl-3.0", True),
        ("lgpl", True),
        ("cc-by-sa-4.0", True),
        ("cc-by-nd-4.0", True),
        ("bigscience-bloom-rail-1.0", True),
        ("llama3.1", True),
        ("gpl-2.0 WITH Classpath-exception-2.0", True),
        ("cc-by-nc-4.0", False),
        ("cc-by-nc-nd-4.0", False),
        ("apple-amlr", False),
        ("apache-2.0 AND cc-by-nc-4.0", False),
        ("apache-2.0 OR cc-by-nc-4.0", True),
        ("apache-2.0 AND gfdl", None),
        ("unspecified-noncommercial", False),
        ("https://example.org/nc/LICENSE", None),
        ("openrail-like", None),
    ],
)
def test_commercial_use_is_what_the_text_of_the_licence_allows(given: str, allowed: bool | None) -> None:
    assert allows_commercial_use(spdx_licence(given), given) is allowed


def test_nobody_knows_what_a_missing_licence_allows() -> None:
    assert allows_commercial_use(None) is None


def test_openness_counts_the_licences_that_mteb_counts() -> None:
    assert is_open_licence("lgpl")
    assert is_open_licence("A licence", "Apache-2.0")
    assert not is_open_licence("cc-by-nc-4.0", "CC-BY-NC-4.0")
    assert not is_open_licence(None)
