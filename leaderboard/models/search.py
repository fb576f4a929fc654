"""What the search looks in: the words of a name, kept by the database beside the name."""

from __future__ import annotations

from django.contrib.postgres.indexes import GinIndex
from django.db import models


def search_words(*fields: str) -> models.GeneratedField:
    """The words of these fields as `leaderboard.search_terms.words_of` cuts them."""
    words = models.Func(*map(models.F, fields), function="leaderboard_words")
    return models.GeneratedField(expression=words, output_field=models.TextField(), db_persist=True)


def trigrams(name: str) -> GinIndex:
    """An index that finds parts of words, and words that are nearly right."""
    return GinIndex(fields=["search_words"], opclasses=["gin_trgm_ops"], name=name)
