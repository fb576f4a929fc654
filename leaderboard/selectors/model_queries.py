"""Which models a query text leaves where no board is in view: metadata and notes can be asked for, scores cannot."""

from __future__ import annotations

from leaderboard.memory import Kept
from leaderboard.query_fields import model_fields, model_lookup
from leaderboard.query_language import Field, compile_query
from leaderboard.selectors.metadata import annotation_keys, annotation_values
from leaderboard.selectors.model_facts import model_facts
from leaderboard.selectors.versions import data_version

_fields: Kept[list[Field]] = Kept(1)


def model_query_fields() -> list[Field]:
    """What the text can ask for."""
    notes = {key.key: key.kind for key in annotation_keys()}
    key = (data_version(), tuple(notes.items()))
    return _fields.get(key, lambda: model_fields(notes, model_facts().values()))


def models_matching(text: str) -> set[int]:
    """Ids of the models that the text leaves. Raises QueryError for a text that cannot be read."""
    predicate = compile_query(text, model_query_fields())
    notes = annotation_values()
    return {id_ for id_, facts in model_facts().items() if predicate(model_lookup(facts, notes.get(id_, {})))}
