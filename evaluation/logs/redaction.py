"""Logs fit to be kept and shown: secrets blotted out, progress bars collapsed, only the end of what is long."""

from __future__ import annotations

import re
from collections.abc import Iterable

LOG_LIMIT = 64 * 1024
REDACTED = "[secret removed]"

_SECRETS = [
    re.compile(r"\bhf_[A-Za-z0-9]{8,}"),
    re.compile(r"\bapi_org_[A-Za-z0-9]{8,}"),
    re.compile(r"\b(?:sk|pk|rk)-[A-Za-z0-9_-]{16,}"),
    re.compile(r"\bgh[pousr]_[A-Za-z0-9]{16,}"),
    re.compile(r"\bAKIA[A-Z0-9]{16}\b"),
    re.compile(r"(?<=://)[^\s/@:]*:[^\s/@]+(?=@)"),
    re.compile(r"(?i)(?<=bearer )[A-Za-z0-9._~+/=-]{8,}"),
]
# What a signed address is signed with, whoever made it: X-Amz-Signature, X-Goog-Signature, Signature, sig.
_SIGNATURES = re.compile(r"(?i)((?:\b|(?<=u0026))(?:signature|sig|security-token)=)[A-Za-z0-9%._~+/=-]{16,}")
_TERMINAL_CODES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def redact(text: str, known_secrets: Iterable[str] = ()) -> str:
    """The text without anything that looks like a secret, nor any of `known_secrets`."""
    for secret in known_secrets:
        if len(secret) >= 6:
            text = text.replace(secret, REDACTED)
    for pattern in _SECRETS:
        text = pattern.sub(REDACTED, text)
    return _SIGNATURES.sub(rf"\g<1>{REDACTED}", text)


def presentable_log(raw: bytes, known_secrets: Iterable[str] = ()) -> str:
    """The last 64 KB of a process's output as text: of each line what a terminal would show at its end."""
    text = _TERMINAL_CODES.sub("", raw.decode("utf-8", "replace").replace("\0", ""))
    lines = [line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n")]
    return last_lines(redact("\n".join(lines), known_secrets))


def last_lines(text: str, limit: int = LOG_LIMIT) -> str:
    """The end of the text, at most `limit` bytes of UTF-8, from the start of a line where it had to be cut."""
    encoded = text.encode()
    if len(encoded) <= limit:
        return text
    kept = encoded[-limit:].decode("utf-8", "ignore")
    return kept.partition("\n")[2] or kept
