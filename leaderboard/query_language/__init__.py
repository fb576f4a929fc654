"""The query field's language: conditions on metadata and scores, as in `params < 500M and STS > 0.8 and org:BAAI`.

docs/query-language.md is its manual. Text and fields in, a predicate over rows out; nothing here knows where a row's
values come from.
"""

from leaderboard.query_language.completion import Suggestion, suggestions
from leaderboard.query_language.errors import QueryError
from leaderboard.query_language.fields import NAME, Field, Kind
from leaderboard.query_language.predicates import Predicate, compile_query
from leaderboard.query_language.tokens import MAX_LENGTH

__all__ = [
    "MAX_LENGTH",
    "NAME",
    "Field",
    "Kind",
    "Predicate",
    "QueryError",
    "Suggestion",
    "compile_query",
    "suggestions",
]
