"""Answers 304 to a visitor whose copy of a page is still what the board shows."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from hashlib import sha256

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.views.decorators.cache import cache_control
from django.views.decorators.http import condition

from leaderboard.selectors.versions import data_version

View = Callable[..., HttpResponseBase]
_LOOKS = (("templates", "*.html"), ("static", "*.css"), ("leaderboard", "*.py"))


def until_data_changes(view: View) -> View:
    """Give the page an ETag of the data version and its address; browsers ask again each time and mostly get a 304."""
    return cache_control(no_cache=True)(condition(etag_func=page_etag)(view))


def page_etag(request: HttpRequest, *args: object, **kwargs: object) -> str | None:
    """None where the page holds something of the visitor's own: a form token or a message."""
    if settings.DEBUG or request.user.is_authenticated or "messages" in request.COOKIES:
        return None
    version = f"{_release()} {data_version()} {request.get_full_path()}"
    return f'"{sha256(version.encode()).hexdigest()[:20]}"'


@cache
def _release() -> str:
    """Changes with the code that draws the pages, and is the same in every process of a deployment."""
    files = (path for folder, pattern in _LOOKS for path in (settings.BASE_DIR / folder).rglob(pattern))
    return str(max((path.stat().st_mtime_ns for path in files), default=0))
