"""What machines ask: is the process there, can it answer, how are the evaluations."""

from __future__ import annotations

import ipaddress
import logging

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from config.database import pending_migrations

PLAIN = "text/plain; charset=utf-8"
logger = logging.getLogger("evaluation")


@login_not_required
@never_cache
@require_safe
def alive(request: HttpRequest) -> HttpResponse:
    """The process answers. Whether the database does is no reason to restart it."""
    return HttpResponse("ok\n", content_type=PLAIN)


@login_not_required
@never_cache
@require_safe
def ready(request: HttpRequest) -> HttpResponse:
    """Pages can be served: the database answers and has the schema of this code."""
    try:
        pending = pending_migrations()
    except DatabaseError as error:
        logger.warning("Not ready: %s", error)
        return HttpResponse("The database does not answer.\n", status=503, content_type=PLAIN)
    if pending:
        return HttpResponse("The database needs migrations: manage.py migrate.\n", status=503, content_type=PLAIN)
    return HttpResponse("ok\n", content_type=PLAIN)


@login_not_required
@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """For whoever has the token, and for internal addresses that ask without a proxy between."""
    if not _may_see_metrics(request):
        return HttpResponse("Send the token, or ask from an internal address.\n", status=403, content_type=PLAIN)
    from prometheus_client import CONTENT_TYPE_LATEST

    from evaluation.metrics import exposition

    return HttpResponse(exposition(), content_type=CONTENT_TYPE_LATEST)


def _may_see_metrics(request: HttpRequest) -> bool:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if kind == "Bearer" and settings.METRICS_TOKEN:
        return constant_time_compare(token.strip(), settings.METRICS_TOKEN)
    # Behind a proxy every visitor has the proxy's address, which is an internal one.
    is_forwarded = any(name in request.headers for name in ("X-Forwarded-For", "Forwarded", "X-Real-IP"))
    return not is_forwarded and _is_internal(request.META.get("REMOTE_ADDR", ""))


def _is_internal(address: str) -> bool:
    try:
        asking = ipaddress.ip_address(address)
    except ValueError:
        # A Unix socket has no address; only a proxy on this host asks through one.
        return False
    return any(asking in ipaddress.ip_network(network) for network in settings.METRICS_NETWORKS)
