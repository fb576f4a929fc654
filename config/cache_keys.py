"""Keys of the shared cache, which is a table: limits on sign-in count by address, and no address is to be stored."""

from __future__ import annotations

from django.utils.crypto import salted_hmac


def hashed(key: str, key_prefix: str, version: int) -> str:
    """Without the site's secret key nobody can try out which address it was."""
    return salted_hmac("podium.cache", f"{key_prefix}:{version}:{key}", algorithm="sha256").hexdigest()
