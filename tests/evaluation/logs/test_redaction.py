"""What may stand in a log."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.logs.redaction import LOG_LIMIT, REDACTED, last_lines, presentable_log, redact


@pytest.mark.parametrize(
    ("line", "secret"),
    [
        ("token=hf_aBcDeFgHiJkLmNoPqRsTuVwXyZ012345", "hf_aBcDeFgHiJkLmNoPqRsTuVwXyZ012345"),
        ("Authorization: Bearer abc.def-123456", "abc.def-123456"),
        ("GET https://alice:s3cret@hub.example/x", "alice:s3cret"),
        ("key sk-proj-0123456789abcdefgh", "sk-proj-0123456789abcdefgh"),
        ("ghp_0123456789abcdefghijABCDEFGHIJ012345", "ghp_0123456789abcdefghijABCDEFGHIJ012345"),
        ("403 for https://s3.example/x?X-Amz-Expires=3600&X-Amz-Signature=0f1e2d3c4b5a69788796a5b4", "0f1e2d3c4b5a"),
        ("https://s3.example/x?X-Amz-Security-Token=FwoGZXIvYXdzEB0aDJx%2Fabcd&x=1", "FwoGZXIvYXdz"),
        ("https://storage.example/x?X-Goog-Signature=0f1e2d3c4b5a69788796a5b4", "0f1e2d3c4b5a"),
        ("https://cdn.example/x?Policy=e30_&Signature=Ab~cd-EF_0123456789ghij__&Key-Pair-Id=K1", "Ab~cd-EF"),
        ("https://blob.example/x?sv=2024&sig=aB3%2Fd4e5F6g7H8i9J0k%3D", "aB3%2Fd4e5"),
        ('{"url": "https://cdn.example/x?a=1\\u0026sig=aB3d4e5F6g7H8i9J0k"}', "aB3d4e5"),
    ],
)
def test_what_looks_like_a_secret_is_removed(line: str, secret: str) -> None:
    assert secret not in redact(line)
    assert REDACTED in redact(line)


def test_a_secret_that_looks_like_nothing_is_removed_where_it_is_known() -> None:
    assert redact("password hunter2x", ["hunter2x"]) == f"password {REDACTED}"


@pytest.mark.parametrize(
    "line", ["loading hf_hub", "STS13: 0.806", "https://hub.example:8090/api", "model@abc", "no signature=given"]
)
def test_what_is_no_secret_stays(line: str) -> None:
    assert redact(line) == line


def test_a_progress_bar_is_shown_as_a_terminal_would_show_it_at_the_end() -> None:
    raw = b"Batches: 0%\rBatches: 50%\rBatches: 100%\r\nDone \x1b[32mwell\x1b[0m\x00\n"
    assert presentable_log(raw) == "Batches: 100%\nDone well\n"


@given(st.text(max_size=300), st.integers(min_value=1, max_value=200))
def test_a_shortened_log_is_an_end_of_the_log_and_not_too_long(text: str, limit: int) -> None:
    shortened = last_lines(text, limit)
    assert text.endswith(shortened)
    assert len(shortened.encode()) <= limit


def test_a_long_log_begins_with_a_whole_line() -> None:
    shortened = last_lines("".join(f"line {number}\n" for number in range(20_000)))
    assert len(shortened) <= LOG_LIMIT
    assert shortened.startswith("line ")
    assert shortened.endswith("line 19999\n")


def test_a_token_at_the_cut_of_a_long_log_is_not_shown_in_part() -> None:
    token = "hf_" + "a1B2" * 10
    raw = (f"token {token}" + "x" * (LOG_LIMIT - 20)).encode()
    assert "a1B2a1B2" not in presentable_log(raw)
