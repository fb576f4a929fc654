"""The query field of a page: its text, what is wrong with it, and what may follow at the cursor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, JsonResponse

from leaderboard.board_query import MAX_TEXT
from leaderboard.query_language import MAX_LENGTH, Field, QueryError, suggestions

MOST_DIGITS = 4


def query_text(request: HttpRequest) -> str:
    return request.GET.get("q", "").replace("\0", "").strip()[:MAX_TEXT]


def query_context(request: HttpRequest, error: QueryError | None, suggestions_url: str) -> dict[str, Any]:
    """What `_query_field.html` shows."""
    return {
        "query_text": request.GET.get("q", ""),
        "query_error": error,
        "query_max_length": MAX_LENGTH,
        "suggestions_url": suggestions_url,
    }


def suggested(request: HttpRequest, fields: Sequence[Field]) -> JsonResponse:
    """What may follow in the field at the cursor."""
    text = request.GET.get("q", "")[:MAX_TEXT]
    cursor = request.GET.get("cursor", "")
    at = min(int(cursor), len(text)) if cursor.isdecimal() and len(cursor) <= MOST_DIGITS else len(text)
    return JsonResponse([one._asdict() for one in suggestions(text, at, fields)], safe=False)
